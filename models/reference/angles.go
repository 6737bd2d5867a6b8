package reference

import "math"

// Functions of angles to ten digits, the same on every processor. The library's differ between them in the last bit, and a
// judge has none of the accused's own.

// sin is the sine of an angle of at most two right angles either way.
func sin(x float64) float64 {
	const terms = 14
	sum, term := x, x
	for n := 1; n < terms; n++ {
		term = -float64(term*x) * x / float64((2*n)*(2*n+1))
		sum += term
	}
	return sum
}

func cos(x float64) float64 { return sin(math.Pi/2 - x) }

// asin is the angle from 0 to a right angle whose sine is x, 0 ≤ x ≤ 1.
func asin(x float64) float64 {
	y := x / math.Sqrt(math.Max(1-float64(x*x), 1e-300)) // its tangent
	times := 1.0
	for y > 0.1 { // the tangent of half the angle
		y = y / (1 + math.Sqrt(1+float64(y*y)))
		times *= 2
	}
	const terms = 10
	sum, power := 0.0, y
	for n := range terms {
		sum += power / float64(2*n+1)
		power = -float64(power*y) * y
	}
	return times * sum
}
