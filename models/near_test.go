package models

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearestIsTheNameThatWasMeant(t *testing.T) {
	names := []string{"run", "sweep", "check", "linearizable", "lost-writes"}
	for written, meant := range map[string]string{
		"rnu": "run", "sweap": "sweep", "chekc": "check", "lin": "linearizable", "lostwrites": "lost-writes", "zzz": "", "": "",
	} {
		require.Equal(t, meant, Nearest(written, names), written)
	}
}
