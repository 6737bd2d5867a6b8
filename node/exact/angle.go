package exact

import "math"

// The functions of angles, in pairs: the library's may differ in the last bit from one processor to the next.

// pi/2 in three parts: enough for reducing angles up to 2^30 quarter turns.
var halfPi = [3]float64{1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33}

func (x pair) neg() pair { return pair{-x.hi, -x.lo} }

func (x pair) scale(n float64) pair { return x.mul(pair{n, 0}) }

func (x pair) sqrt() pair {
	if x.hi <= 0 {
		return pair{0, 0}
	}
	s := math.Sqrt(x.hi)
	r := x.add(twoProduct(s, s).neg())
	return fastSum(s, r.hi/(2*s))
}

// quarter reduces an angle to at most pi/4 to either side, and the quarter turns taken off, modulo 4.
func quarter(x float64) (pair, int) {
	// Whole turns first; math.Mod is exact, so only the difference between pi and its float is left to take off.
	k := math.Round(x / halfPi[0])
	r := pair{x, 0}
	for _, part := range halfPi {
		r = r.add(twoProduct(k, part).neg())
	}
	return r, int(math.Mod(k, 4)+4) & 3
}

// maxTerms is how many terms of a series there are at most: angles up to pi/4, and arc tangents of up to 1/8, need fewer.
const maxTerms = 30

// negligible is what a term is to the sum, at most, if it changes none of the 106 bits of a pair.
const negligible = 0x1p-110

// stepsDown[i] is 1/((i+1)(i+2)), odds[i] is 1/(2i+1).
var stepsDown, odds = func() (steps [maxTerms + 2]pair, odds [maxTerms]pair) {
	for i := range steps {
		steps[i] = pair{1, 0}.div(pair{float64((i + 1) * (i + 2)), 0})
	}
	for i := range odds {
		odds[i] = pair{1, 0}.div(pair{float64(2*i + 1), 0})
	}
	return steps, odds
}()

// series is the sum of x^i/i! for i = first, first+2, … with alternating signs, from alternate -1, or 1.
func series(x pair, first int, sign float64) pair {
	term, sum := pair{1, 0}, pair{0, 0}
	if first == 1 {
		term = x
	}
	x2 := x.mul(x).scale(sign)
	for i := first; i < maxTerms && math.Abs(term.hi) > negligible*math.Abs(sum.hi); i += 2 {
		sum = sum.add(term)
		term = term.mul(x2).mul(stepsDown[i])
	}
	return sum
}

// sine and cosine of a whole number of quarter turns more than an angle are sine or cosine of the angle, or less that.
func sine(x float64) pair {
	r, k := quarter(x)
	return turned(r, k)
}

func cosine(x float64) pair {
	r, k := quarter(x)
	return turned(r, k+1)
}

// turned is the sine of r and k quarter turns.
func turned(r pair, k int) (s pair) {
	if k&1 == 0 {
		s = series(r, 1, -1)
	} else {
		s = series(r, 0, -1)
	}
	if k&2 != 0 {
		s = s.neg()
	}
	return s
}

// maxAngle is the largest angle that the parts of pi/2 reduce; sines of larger ones are those of what is left of them
// after whole maxAngles, which is not what C says.
const maxAngle = 1 << 30

func angle(x float64) (float64, bool) {
	if x != x || math.IsInf(x, 0) {
		return 0, false
	}
	return math.Mod(x, maxAngle), true
}

// Sin is the sine of x.
func Sin(x float64) float64 {
	a, ok := angle(x)
	if x == 0 {
		return x
	}
	if !ok {
		return math.NaN()
	}
	s := sine(a)
	return s.hi + s.lo
}

// Cos is the cosine of x.
func Cos(x float64) float64 {
	a, ok := angle(x)
	if !ok {
		return math.NaN()
	}
	c := cosine(a)
	return c.hi + c.lo
}

// Tan is the tangent of x.
func Tan(x float64) float64 {
	a, ok := angle(x)
	if x == 0 {
		return x
	}
	if !ok {
		return math.NaN()
	}
	t := sine(a).div(cosine(a))
	return t.hi + t.lo
}

// atanPair is the arc tangent of a pair that is not negative.
func atanPair(x pair) pair {
	if x.hi > 1 {
		return pair{halfPi[0], halfPi[1]}.add(atanPair(pair{1, 0}.div(x)).neg())
	}
	const halvings = 3
	for range halvings {
		root := x.mul(x).add(pair{1, 0}).sqrt()
		x = x.div(root.add(pair{1, 0}))
	}
	x2 := x.mul(x).neg()
	sum, power := pair{0, 0}, x
	for i := 0; i < maxTerms && math.Abs(power.hi) > negligible*math.Abs(sum.hi); i++ {
		sum = sum.add(power.mul(odds[i]))
		power = power.mul(x2)
	}
	return sum.scale(1 << halvings)
}

// Atan is the arc tangent of x.
func Atan(x float64) float64 {
	switch {
	case x == 0 || x != x:
		return x
	case math.Abs(x) > 1e17:
		return math.Copysign(halfPi[0], x)
	case math.Abs(x) < 1e-9:
		return x
	}
	p := atanPair(pair{math.Abs(x), 0})
	return math.Copysign(p.hi+p.lo, x)
}

func asinPair(x float64) pair {
	if math.Abs(x) == 1 {
		return pair{math.Copysign(halfPi[0], x), math.Copysign(halfPi[1], x)}
	}
	a := math.Abs(x)
	root := twoSum(1, -a).mul(twoSum(1, a)).sqrt()
	p := atanPair(pair{a, 0}.div(root))
	if x < 0 {
		return p.neg()
	}
	return p
}

// Asin is the arc sine of x.
func Asin(x float64) float64 {
	if x == 0 || math.Abs(x) < 1e-9 {
		return x
	}
	if !(math.Abs(x) <= 1) {
		return math.NaN()
	}
	p := asinPair(x)
	return p.hi + p.lo
}

// Acos is the arc cosine of x.
func Acos(x float64) float64 {
	if !(math.Abs(x) <= 1) {
		return math.NaN()
	}
	p := pair{halfPi[0], halfPi[1]}.add(asinPair(x).neg())
	return p.hi + p.lo
}

// Atan2 is the angle of the point (x, y).
func Atan2(y, x float64) float64 {
	if y != y {
		return y
	}
	if x != x {
		return x
	}
	var p pair
	switch {
	case y == 0:
	case x == 0 || math.IsInf(y, 0) && !math.IsInf(x, 0):
		p = pair{halfPi[0], halfPi[1]}
	case math.IsInf(y, 0):
		p = pair{halfPi[0] / 2, halfPi[1] / 2}
	case !math.IsInf(x, 0):
		if q := math.Abs(y) / math.Abs(x); q < 1e-290 || q > 1e290 {
			p = pair{Atan(q), 0}
		} else {
			p = atanPair(pair{math.Abs(y), 0}.div(pair{math.Abs(x), 0}))
		}
	}
	if math.Signbit(x) {
		p = pair{2 * halfPi[0], 2 * halfPi[1]}.add(p.neg())
	}
	return math.Copysign(p.hi+p.lo, y)
}

// halves is e^x / 2 and e^-x / 2 for |x| < 745.
func halves(x float64) (up, down pair) {
	p, k := expPair(pair{x, 0})
	q := pair{1, 0}.div(p)
	return pair{math.Ldexp(p.hi, k-1), math.Ldexp(p.lo, k-1)}, pair{math.Ldexp(q.hi, -k-1), math.Ldexp(q.lo, -k-1)}
}

// Sinh is the hyperbolic sine of x.
func Sinh(x float64) float64 {
	switch {
	case x == 0 || x != x || math.IsInf(x, 0):
		return x
	case math.Abs(x) > 711:
		return math.Copysign(math.Inf(1), x)
	case math.Abs(x) < 1:
		s := series(pair{x, 0}, 1, 1)
		return s.hi + s.lo
	}
	up, down := halves(x)
	s := up.add(down.neg())
	return s.hi + s.lo
}

// Cosh is the hyperbolic cosine of x.
func Cosh(x float64) float64 {
	if x != x || math.Abs(x) > 711 {
		return math.Abs(x) * math.Inf(1)
	}
	up, down := halves(x)
	s := up.add(down)
	return s.hi + s.lo
}

// Tanh is the hyperbolic tangent of x.
func Tanh(x float64) float64 {
	switch {
	case x == 0 || x != x:
		return x
	case math.Abs(x) > 40:
		return math.Copysign(1, x)
	case math.Abs(x) < 1:
		t := series(pair{x, 0}, 1, 1).div(series(pair{x, 0}, 0, 1))
		return t.hi + t.lo
	}
	up, down := halves(x)
	t := up.add(down.neg()).div(up.add(down))
	return t.hi + t.lo
}
