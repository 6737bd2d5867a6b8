package lua

import "math"

var tableLib = []entry{
	{"concat", tableConcat}, {"foreach", tableForeach}, {"foreachi", tableForeachi}, {"getn", tableGetn},
	{"maxn", tableMaxn}, {"insert", tableInsert}, {"remove", tableRemove}, {"setn", tableSetn}, {"sort", tableSort},
}

func tableForeachi(c *Call) {
	t := c.CheckTable(1)
	n := t.Len()
	f := c.CheckFunction(2).Value()
	for i := 1; i <= n; i++ {
		if v := c.call1(f, Int(i), t.GetInt(i)); !v.IsNil() {
			c.Push(v)
			return
		}
	}
}

func tableForeach(c *Call) {
	t := c.CheckTable(1)
	f := c.CheckFunction(2).Value()
	var k, v Value
	for {
		var ok bool
		if k, v, ok = t.Next(k); !ok {
			c.Throw(Str("invalid key to 'next'"))
		}
		if k.IsNil() {
			return
		}
		if r := c.call1(f, k, v); !r.IsNil() {
			c.Push(r)
			return
		}
	}
}

func tableMaxn(c *Call) {
	t := c.CheckTable(1)
	top := 0.0
	for i := len(t.array); i > 0; i-- {
		if !t.array[i-1].IsNil() {
			top = float64(i)
			break
		}
	}
	for i := range t.nodes {
		if n := &t.nodes[i]; !n.val.IsNil() && n.key.o == numberTag {
			top = math.Max(top, n.key.n)
		}
	}
	c.PushNum(top)
}

func tableGetn(c *Call) { c.PushNum(float64(c.CheckTable(1).Len())) }

func tableSetn(c *Call) {
	c.CheckTable(1)
	c.Errorf("'setn' is obsolete")
}

func tableInsert(c *Call) {
	t := c.CheckTable(1)
	e := t.Len() + 1
	switch c.n {
	case 2:
		t.SetInt(e, c.Arg(2))
	case 3:
		pos := c.checkInt32(2)
		if pos > e {
			e = pos
		}
		c.Work(max(0, e-pos))
		for i := e; i > pos; i-- {
			t.SetInt(i, t.GetInt(i-1))
		}
		t.SetInt(pos, c.Arg(3))
	default:
		c.Errorf("wrong number of arguments to 'insert'")
	}
}

func tableRemove(c *Call) {
	t := c.CheckTable(1)
	e := t.Len()
	pos := c.optInt32(2, e)
	if pos < 1 || pos > e {
		return
	}
	c.Push(t.GetInt(pos))
	c.Work(e - pos)
	for ; pos < e; pos++ {
		t.SetInt(pos, t.GetInt(pos+1))
	}
	t.SetInt(e, Value{})
}

func tableConcat(c *Call) {
	sep := c.OptStr(2, "")
	t := c.CheckTable(1)
	i := c.optInt32(3, 1)
	last := c.optInt32(4, 0)
	if c.Arg(4).IsNil() {
		last = t.Len()
	}
	b := newText(c)
	for ; i <= last; i++ {
		v := t.GetInt(i)
		s, ok := v.toString()
		if !ok {
			c.Errorf("invalid value (%s) at index %d in table for 'concat'", v.Kind(), i)
		}
		b.add(s)
		if i < last {
			b.add(sep)
		}
	}
	b.push()
}

// text is a string that a native builds: its memory is accounted for as it grows.
type text struct {
	c     *Call
	bytes []byte
}

func newText(c *Call) *text { return &text{c: c} }

func (b *text) add(s string) {
	b.grow(len(s))
	b.bytes = append(b.bytes, s...)
}

func (b *text) grow(n int) {
	b.c.Grow(n)
}

func (b *text) push() { b.c.Push(b.c.th.st.NewString(string(b.bytes))) }

// sorter sorts a table as 5.1 does: the same quicksort, so that a comparison that is none is met in the same way.
type sorter struct {
	c    *Call
	t    *Table
	less Value
}

func tableSort(c *Call) {
	t := c.CheckTable(1)
	n := t.Len()
	if !c.Arg(2).IsNil() {
		c.CheckFunction(2)
	}
	s := &sorter{c, t, c.Arg(2)}
	s.sort(1, n)
}

func (s *sorter) lessThan(a, b Value) bool {
	if !s.less.IsNil() {
		return s.c.call1(s.less, a, b).Truth()
	}
	s.c.Work(1)
	if a.o == numberTag && b.o == numberTag {
		return a.n < b.n
	}
	return s.c.th.less(a, b)
}

func (s *sorter) swap(i, j int, a, b Value) {
	s.t.SetInt(i, a)
	s.t.SetInt(j, b)
}

// order puts the two in order and gives them back so.
func (s *sorter) order(i, j int) {
	a, b := s.t.GetInt(i), s.t.GetInt(j)
	if s.lessThan(b, a) {
		s.swap(i, j, b, a)
	}
}

func (s *sorter) sort(l, u int) {
	for l < u {
		s.order(l, u)
		if u-l == 1 {
			return
		}
		i := int(int32(l+u)) / 2
		a, b := s.t.GetInt(i), s.t.GetInt(l)
		if s.lessThan(a, b) {
			s.swap(i, l, b, a)
		} else if b = s.t.GetInt(u); s.lessThan(b, a) {
			s.swap(i, u, b, a)
		}
		if u-l == 2 {
			return
		}
		pivot := s.t.GetInt(i)
		s.swap(i, u-1, s.t.GetInt(u-1), pivot)
		i = s.partition(l, u, pivot)
		s.swap(u-1, i, s.t.GetInt(i), s.t.GetInt(u-1))
		// The smaller half first, the larger one in the loop.
		j, k := i+1, u
		if i-l < u-i {
			j, k = l, i-1
			l = i + 1
		} else {
			u = i - 1
		}
		s.sort(j, k)
	}
}

func (s *sorter) partition(l, u int, pivot Value) int {
	i, j := l, u-1
	for {
		i++
		a := s.t.GetInt(i)
		for s.lessThan(a, pivot) {
			if i > u {
				s.c.Errorf("invalid order function for sorting")
			}
			i++
			a = s.t.GetInt(i)
		}
		j--
		b := s.t.GetInt(j)
		for s.lessThan(pivot, b) {
			if j < l {
				s.c.Errorf("invalid order function for sorting")
			}
			j--
			b = s.t.GetInt(j)
		}
		if j < i {
			return i
		}
		s.swap(i, j, b, a)
	}
}
