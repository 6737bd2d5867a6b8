package exact_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node/exact"
)

// TestFunctionsAreWithinTheLastBit: against Go's, which are good to a few units of it.
func TestFunctionsAreWithinTheLastBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Exp(rapid.Float64Range(-300, 300).Draw(t, "log x"))
		y := rapid.Float64Range(-2, 2).Draw(t, "y")
		close := func(a, b float64) {
			require.True(t, a == b || math.Abs(a-b) <= 1e-13*math.Abs(b), "%v %v", a, b)
		}
		close(exact.Pow(x, y), math.Pow(x, y))
		close(exact.Exp(y*100), math.Exp(y*100))
		if math.Abs(x-1) > 1e-3 {
			close(exact.Log(x), math.Log(x))
			close(exact.Log10(x), math.Log10(x))
		}
		close(exact.Sin(y), math.Sin(y))
		close(exact.Cos(y), math.Cos(y))
		close(exact.Asin(y/2), math.Asin(y/2))
		close(exact.Atan(y), math.Atan(y))
	})
	for n := 2.0; n < 30; n++ {
		require.Equal(t, n*n*n, exact.Pow(n, 3))
		require.Equal(t, n, exact.Log10(exact.Pow(10, n)))
	}
}
