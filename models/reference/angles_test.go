package reference

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnglesAreThoseOfTheLibrary(t *testing.T) {
	for i := range 1000 {
		x := float64(i)/1000*2*math.Pi - math.Pi
		require.InDelta(t, math.Sin(x), sin(x), 1e-10)
		require.InDelta(t, math.Cos(x/2), cos(x/2), 1e-10)
		require.InDelta(t, math.Asin(float64(i)/1000), asin(float64(i)/1000), 1e-10)
	}
	require.InDelta(t, math.Pi/2, asin(1), 1e-10)
}
