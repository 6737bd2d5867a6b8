package exact_test

import (
	"testing"

	"github.com/ordeal-go/ordeal/node/exact"
)

// BenchmarkAngles is what a distance on earth takes.
func BenchmarkAngles(b *testing.B) {
	sum := 0.0
	for i := range b.N {
		x := float64(i%1000) / 700
		sum += exact.Sin(x) + exact.Sin(x/2) + exact.Cos(x) + exact.Asin(x/2)
	}
	_ = sum
}
