package lua

import (
	"math"

	"github.com/ordeal-go/ordeal/node/exact"
)

func math1(f func(float64) float64) Native {
	return func(c *Call) { c.PushNum(f(c.CheckNum(1))) }
}

func math2(f func(a, b float64) float64) Native {
	return func(c *Call) {
		b := c.CheckNum(2) // first, as compiled C does
		c.PushNum(f(c.CheckNum(1), b))
	}
}

// newNaN makes a NaN that f made of a number the processor's.
func newNaN(f func(float64) float64) func(float64) float64 {
	return func(x float64) float64 {
		r := f(x)
		if r != r {
			if x == x {
				return negativeNaN
			}
			return x
		}
		return r
	}
}

// mathLib is in 5.1's order: the order of traversal follows from it.
var mathLib = []entry{
	{"abs", math1(math.Abs)}, {"acos", math1(positiveNaN(exact.Acos))}, {"asin", math1(positiveNaN(exact.Asin))},
	{"atan2", math2(exact.Atan2)}, {"atan", math1(newNaN(exact.Atan))}, {"ceil", math1(math.Ceil)},
	{"cosh", math1(newNaN(exact.Cosh))}, {"cos", math1(newNaN(exact.Cos))},
	{"deg", math1(func(x float64) float64 { return x / (math.Pi / 180) })}, {"exp", math1(newNaN(exact.Exp))},
	{"floor", math1(math.Floor)}, {"fmod", math2(fmod)}, {"frexp", mathFrexp}, {"ldexp", mathLdexp},
	{"log10", math1(positiveNaN(exact.Log10))}, {"log", math1(newNaN(exact.Log))}, {"max", mathMax}, {"min", mathMin},
	{"modf", mathModf}, {"pow", math2(mathPow)},
	{"rad", math1(func(x float64) float64 { return x * (math.Pi / 180) })}, {"random", nil}, {"randomseed", nil},
	{"sinh", math1(newNaN(exact.Sinh))}, {"sin", math1(newNaN(exact.Sin))}, {"sqrt", math1(newNaN(math.Sqrt))},
	{"tanh", math1(newNaN(exact.Tanh))}, {"tan", math1(newNaN(exact.Tan))},
}

// positiveNaN is for functions whose NaN is positive in glibc.
func positiveNaN(f func(float64) float64) func(float64) float64 {
	return func(x float64) float64 {
		r := f(x)
		if r != r && x == x {
			return -negativeNaN
		}
		if r != r {
			return x
		}
		return r
	}
}

func fmod(a, b float64) float64 {
	r := math.Mod(a, b)
	if r != r {
		return nanOf(a, b)
	}
	return r
}

func mathPow(a, b float64) float64 {
	r := exact.Pow(a, b)
	if r != r && a == a {
		return nanOf(a, b)
	}
	return r
}

func openMath(t *Table, st *State, random func() float64, seed func(int)) {
	t.SetStr("pi", Num(math.Pi))
	t.SetStr("huge", Num(math.Inf(1)))
	t.SetStr("mod", t.GetStr("fmod"))
	st.library(t, []entry{
		{"random", func(c *Call) { mathRandom(c, random()) }},
		{"randomseed", func(c *Call) { seed(c.checkInt32(1)) }},
	})
}

func mathRandom(c *Call, r float64) {
	switch c.n {
	case 0:
		c.PushNum(r)
	case 1:
		u := c.checkInt32(1)
		c.ArgCheck(1 <= u, 1, "interval is empty")
		c.PushNum(math.Floor(r*float64(u)) + 1)
	case 2:
		l := c.checkInt32(1)
		u := c.checkInt32(2)
		c.ArgCheck(l <= u, 2, "interval is empty")
		c.PushNum(math.Floor(r*float64(int32(u-l+1))) + float64(l))
	default:
		c.Errorf("wrong number of arguments")
	}
}

func mathFrexp(c *Call) {
	m, e := math.Frexp(c.CheckNum(1))
	c.PushNum(m)
	c.PushNum(float64(e))
}

func mathLdexp(c *Call) {
	e := c.checkInt32(2)
	c.PushNum(math.Ldexp(c.CheckNum(1), e))
}

func mathModf(c *Call) {
	x := c.CheckNum(1)
	switch {
	case math.IsInf(x, 0):
		c.PushNum(x)
		c.PushNum(math.Copysign(0, x))
	case x != x:
		c.PushNum(x)
		c.PushNum(x)
	default:
		whole := math.Trunc(x)
		c.PushNum(whole)
		c.PushNum(math.Copysign(x-whole, x))
	}
}

func mathMax(c *Call) {
	m := c.CheckNum(1)
	for i := 2; i <= c.n; i++ {
		if x := c.CheckNum(i); x > m {
			m = x
		}
	}
	c.PushNum(m)
}

func mathMin(c *Call) {
	m := c.CheckNum(1)
	for i := 2; i <= c.n; i++ {
		if x := c.CheckNum(i); x < m {
			m = x
		}
	}
	c.PushNum(m)
}
