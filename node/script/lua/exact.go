package lua

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

func exactExp(x float64) float64 {
	if x != x || math.Abs(x) > 700 || x == 0 {
		return math.Exp(x)
	}
	p, k := expPair(pair{x, 0})
	return math.Ldexp(p.hi+p.lo, k)
}

func exactLog(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return math.Log(x)
	}
	p := logPair(x)
	return p.hi + p.lo
}

func exactLog10(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return math.Log10(x)
	}
	p := logPair(x).div(pair{2.302585092994046, -2.1707562233822494e-16})
	return p.hi + p.lo
}

func pow(a, b float64) float64 {
	if a != a && b != b {
		return a
	}
	if a != a && b != 0 { // glibc flips the sign of a NaN as it would a number's
		if math.Signbit(a) && math.Abs(b) < 1<<53 && math.Mod(b, 2) != 0 && b == math.Trunc(b) {
			return -a
		}
		return a
	}
	r := math.Pow(a, b)
	if r == 0 || math.IsInf(r, 0) || r != r || a == 1 || b == 0 || b == 1 || r == 1 && a == -1 {
		return r
	}
	if b == 2 {
		return a * a
	}
	if b == math.Trunc(b) && b > 0 && b <= 64 { // exact where the result is, so that halves round to even
		p := pair{1, 0}
		for range int(b) {
			p = p.mul(pair{a, 0})
		}
		if s := p.hi + p.lo; !math.IsInf(s, 0) && s == s && math.Abs(s) > 1e-280 {
			return s
		}
	}
	x := logPair(math.Abs(a)).mul(pair{b, 0})
	if math.Abs(x.hi) > 744 {
		return r
	}
	p, k := expPair(x)
	return math.Copysign(math.Ldexp(p.hi+p.lo, k), r)
}
