package lua

import "strings"

// maxChainMeta bounds chains of __index and __newindex.
const maxChainMeta = 100

func (st *State) metatable(v Value) *Table {
	if t := v.Table(); t != nil {
		return t.meta
	}
	if v.Kind() == String {
		return st.Strings
	}
	return nil
}

func (st *State) metamethod(v Value, event string) Value {
	if m := st.metatable(v); m != nil {
		return m.GetStr(event)
	}
	return Value{}
}

// index is obj[key] with metamethods.
func (th *Thread) index(obj, key Value, _ name) Value {
	for range maxChainMeta {
		var h Value
		if t := obj.Table(); t != nil {
			v := t.Get(key)
			if !v.IsNil() || t.meta == nil {
				return v
			}
			if h = t.meta.GetStr("__index"); h.IsNil() {
				return v
			}
		} else if h = th.st.metamethod(obj, "__index"); h.IsNil() {
			th.typeError("index", obj, th.names().b)
		}
		if h.Function() != nil {
			return th.call1(h, obj, key)
		}
		obj = h
	}
	th.fail("loop in gettable")
	return Value{}
}

// setIndex is obj[key] = val with metamethods.
func (th *Thread) setIndex(obj, key, val Value) {
	for range maxChainMeta {
		var h Value
		if t := obj.Table(); t != nil {
			old := t.Get(key)
			if old.IsNil() && t.meta != nil {
				h = t.meta.GetStr("__newindex")
			}
			if h.IsNil() {
				th.rawSet(t, key, val)
				return
			}
		} else if h = th.st.metamethod(obj, "__newindex"); h.IsNil() {
			th.typeError("index", obj, th.names().b)
		}
		if h.Function() != nil {
			th.call1(h, obj, key, val)
			return
		}
		obj = h
	}
	th.fail("loop in settable")
}

func (th *Thread) rawSet(t *Table, key, val Value) {
	if key.IsNil() {
		th.fail("table index is nil")
	}
	if key.o == numberTag && key.n != key.n {
		th.fail("table index is NaN")
	}
	t.Set(key, val)
}

var arithEvents = [...]string{"__add", "__sub", "__mul", "__div", "__mod", "__pow"}

func (th *Thread) arithmetic(op opcode, l, r Value) Value {
	a, okA := l.toNumber()
	b, okB := r.toNumber()
	if okA && okB {
		return Num(arith(int(op-opAdd), a, b))
	}
	if h := th.binaryHandler(arithEvents[op-opAdd], l, r); !h.IsNil() {
		return th.call1(h, l, r)
	}
	n := th.names()
	if !okA {
		th.typeError("perform arithmetic on", l, n.b)
	}
	th.typeError("perform arithmetic on", r, n.c)
	return Value{}
}

func (th *Thread) binaryHandler(event string, l, r Value) Value {
	if h := th.st.metamethod(l, event); !h.IsNil() {
		return h
	}
	return th.st.metamethod(r, event)
}

func (th *Thread) negate(v Value) Value {
	if n, ok := v.toNumber(); ok {
		return Num(-n)
	}
	if h := th.st.metamethod(v, "__unm"); !h.IsNil() {
		return th.call1(h, v, v)
	}
	th.typeError("perform arithmetic on", v, th.names().b)
	return Value{}
}

func (th *Thread) length(v Value) Value {
	if t := v.Table(); t != nil {
		return Int(t.Len())
	}
	if s, ok := v.Text(); ok {
		return Int(len(s))
	}
	if h := th.st.metamethod(v, "__len"); !h.IsNil() {
		return th.call1(h, v)
	}
	th.typeError("get length of", v, th.names().b)
	return Value{}
}

// compare does ==, < or <= on values that are not both numbers.
func (th *Thread) compare(op opcode, l, r Value) bool {
	if op == opEq {
		return th.equal(l, r)
	}
	if op == opLt {
		return th.less(l, r)
	}
	return th.lessEqual(l, r)
}

func (th *Thread) equal(l, r Value) bool {
	if rawEqual(l, r) {
		return true
	}
	a, b := l.Table(), r.Table()
	if a == nil || b == nil || a.meta == nil || b.meta == nil {
		return false
	}
	h := a.meta.GetStr("__eq")
	if h.IsNil() || a.meta != b.meta && !rawEqual(h, b.meta.GetStr("__eq")) {
		return false
	}
	return th.call1(h, l, r).Truth()
}

func (th *Thread) less(l, r Value) bool {
	if l.Kind() == r.Kind() {
		switch l.Kind() {
		case Number:
			return l.n < r.n
		case String:
			return l.o.s < r.o.s
		}
		if yes, ok := th.orderHandler("__lt", l, r); ok {
			return yes
		}
	}
	th.orderError(l, r)
	return false
}

func (th *Thread) lessEqual(l, r Value) bool {
	if l.Kind() == r.Kind() {
		switch l.Kind() {
		case Number:
			return l.n <= r.n
		case String:
			return l.o.s <= r.o.s
		}
		if yes, ok := th.orderHandler("__le", l, r); ok {
			return yes
		}
		if yes, ok := th.orderHandler("__lt", r, l); ok {
			return !yes
		}
	}
	th.orderError(l, r)
	return false
}

// orderHandler calls the metamethod if both have the same.
func (th *Thread) orderHandler(event string, l, r Value) (yes, ok bool) {
	h := th.st.metamethod(l, event)
	if h.IsNil() || !rawEqual(h, th.st.metamethod(r, event)) {
		return false, false
	}
	return th.call1(h, l, r).Truth(), true
}

// orderError words a comparison that cannot be. 5.1 tells types apart by the third letter of their names.
func (th *Thread) orderError(l, r Value) {
	a, b := l.Kind().String(), r.Kind().String()
	if a[2] == b[2] {
		th.fail("attempt to compare two " + a + " values")
	}
	th.fail("attempt to compare " + a + " with " + b)
}

// concat joins stack[from..to] from the right, into stack[from].
func (th *Thread) concat(from, to int, f *frame) {
	pc := f.pc - 1
	for last := to; last > from; {
		right, ok := th.stack[last].toString()
		left, okL := th.stack[last-1].toString()
		if !ok || !okL {
			l, r := th.stack[last-1], th.stack[last]
			h := th.binaryHandler("__concat", l, r)
			if h.IsNil() {
				th.concatError(pc, last-1-from, l, r, okL, last == to)
			}
			v := th.call1(h, l, r)
			last--
			th.stack[last] = v
			continue
		}
		// As many as are strings are joined at once.
		size := len(left) + len(right)
		first := last - 1
		parts := []string{right, left}
		for first > from {
			s, ok := th.stack[first-1].toString()
			if !ok {
				break
			}
			parts = append(parts, s)
			size += len(s)
			first--
		}
		th.stack[first] = th.join(parts, size)
		last = first
	}
}

func (th *Thread) join(reversed []string, size int) Value {
	th.st.charge(stringBytes + size)
	th.st.work(size / 64)
	var b strings.Builder
	b.Grow(size)
	for i := len(reversed) - 1; i >= 0; i-- {
		b.WriteString(reversed[i])
	}
	return Str(b.String())
}

func (th *Thread) concatError(pc, left int, l, r Value, okL, lastPair bool) {
	all := th.frames[len(th.frames)-1].fn.p.names
	if !okL {
		th.typeError("concatenate", l, all[-1-pc*maxRegisters-left].b)
	}
	var n name
	if lastPair {
		n = all[pc].c
	}
	th.typeError("concatenate", r, n)
}
