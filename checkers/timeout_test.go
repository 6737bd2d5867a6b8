package checkers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories/corpus"
)

// TestATimeoutOnlyMakesAVerdictUnknown: the clock may make linearizable give up, and may not clear or accuse anybody.
func TestATimeoutOnlyMakesAVerdictUnknown(t *testing.T) {
	for _, name := range corpus.Names() {
		h, err := corpus.Open(name)
		require.NoError(t, err)
		patient := checkers.Judge(checkers.Linearizable{}, checkers.NewRecord(h))
		for _, timeout := range []time.Duration{time.Nanosecond, time.Hour} {
			v := checkers.Judge(checkers.Linearizable{Timeout: timeout}, checkers.NewRecord(h))
			if v.Result != checkers.Unknown || timeout == time.Hour {
				require.Equal(t, patient.Result, v.Result, "%s with a timeout of %v", name, timeout)
			}
		}
	}
}
