package exact

import "math"

// Go's Pow, Exp and Log may be off by more than the last bit, and not by the same on each processor; glibc's hardly
// ever are. These compute with twice the digits and round once.

// pair is the sum of two floats that do not overlap: about 106 bits.
type pair struct{ hi, lo float64 }

func twoSum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

func twoProduct(a, b float64) pair {
	p := a * b
	return pair{p, math.FMA(a, b, -p)}
}

func (x pair) add(y pair) pair {
	s := twoSum(x.hi, y.hi)
	t := twoSum(x.lo, y.lo)
	s = fastSum(s.hi, s.lo+t.hi)
	return fastSum(s.hi, s.lo+t.lo)
}

func fastSum(a, b float64) pair {
	s := a + b
	return pair{s, b - (s - a)}
}

func (x pair) mul(y pair) pair {
	p := twoProduct(x.hi, y.hi)
	p.lo += float64(x.hi*y.lo) + float64(x.lo*y.hi)
	return fastSum(p.hi, p.lo)
}

func (x pair) div(y pair) pair {
	q := x.hi / y.hi
	r := x.add(y.mul(pair{-q, 0}))
	q2 := r.hi / y.hi
	r = r.add(y.mul(pair{-q2, 0}))
	return fastSum(q, q2).add(pair{r.hi / y.hi, 0})
}

var ln2 = pair{0.6931471805599453, 2.3190468138462996e-17}

// expPair is e^x for |x| < 745, and the power of two it is to be multiplied with.
func expPair(x pair) (pair, int) {
	k := math.Round(x.hi / ln2.hi)
	r := x.add(ln2.mul(pair{-k, 0}))
	const halvings = 8
	r = pair{math.Ldexp(r.hi, -halvings), math.Ldexp(r.lo, -halvings)}
	sum, term := pair{0, 0}, pair{1, 0} // e^r - 1, so that small r lose nothing
	for i := 1; i <= 12; i++ {
		term = term.mul(r).div(pair{float64(i), 0})
		sum = sum.add(term)
	}
	for range halvings { // (1+s)^2 - 1 = 2s + s^2
		sum = pair{2 * sum.hi, 2 * sum.lo}.add(sum.mul(sum))
	}
	return sum.add(pair{1, 0}), int(k)
}

// logPair is the natural logarithm of x > 0, finite.
func logPair(x float64) pair {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = m*2, e-1
	}
	// log m = 2 atanh((m-1)/(m+1))
	z := pair{m - 1, 0}.div(twoSum(m, 1))
	z2 := z.mul(z)
	sum, power := z, z
	for i := 3; i <= 43; i += 2 {
		power = power.mul(z2)
		sum = sum.add(power.div(pair{float64(i), 0}))
	}
	sum = pair{2 * sum.hi, 2 * sum.lo}
	return ln2.mul(pair{float64(e), 0}).add(sum)
}

// Exp is e^x.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 720:
		return math.Inf(1)
	case x < -760:
		return 0
	}
	p, k := expPair(pair{x, 0})
	return math.Ldexp(p.hi+p.lo, k)
}

// Log is the natural logarithm of x.
func Log(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return logOfSpecial(x)
	}
	p := logPair(x)
	return p.hi + p.lo
}

// logOfSpecial is the logarithm of what has none that is finite.
func logOfSpecial(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	}
	return x
}

// Log10 is the decimal logarithm of x.
func Log10(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return logOfSpecial(x)
	}
	p := logPair(x).div(pair{2.302585092994046, -2.1707562233822494e-16})
	return p.hi + p.lo
}

// Pow is a^b with C's special cases.
func Pow(a, b float64) float64 {
	switch {
	case b == 0 || a == 1:
		return 1
	case a != a && b != b:
		return a
	case b != b:
		return b
	case a != a: // glibc flips the sign of a NaN as it would a number's
		if math.Signbit(a) && isOdd(b) {
			return -a
		}
		return a
	case math.IsInf(b, 0):
		return powOfInfinite(math.Abs(a), b)
	case a == 0 || math.IsInf(a, 0):
		return powOfExtreme(a, b)
	case a < 0 && b != math.Trunc(b):
		return math.NaN()
	case b == 1:
		return a
	}
	r := powFinite(math.Abs(a), b)
	if a < 0 && isOdd(b) {
		return -r
	}
	return r
}

func isOdd(b float64) bool {
	return b == math.Trunc(b) && math.Abs(b) < 1<<53 && math.Mod(b, 2) != 0
}

func powOfInfinite(a, b float64) float64 {
	switch {
	case a == 1:
		return 1
	case (a > 1) == (b > 0):
		return math.Inf(1)
	}
	return 0
}

func powOfExtreme(a, b float64) float64 {
	r := 0.0
	if (a == 0) == (b < 0) {
		r = math.Inf(1)
	}
	if isOdd(b) {
		return math.Copysign(r, a)
	}
	return r
}

// powFinite is a^b for finite a > 0 and b.
func powFinite(a, b float64) float64 {
	if b == math.Trunc(b) && b > 0 && b <= 64 { // exact where the result is, so that halves round to even
		p := pair{1, 0}
		for range int(b) {
			p = p.mul(pair{a, 0})
		}
		if s := p.hi + p.lo; s < math.MaxFloat64 && s > 1e-280 {
			return s
		}
	}
	l := logPair(a)
	switch n := float64(l.hi * b); {
	case n > 720:
		return math.Inf(1)
	case n < -760:
		return 0
	}
	p, k := expPair(l.mul(pair{b, 0}))
	return math.Ldexp(p.hi+p.lo, k)
}
