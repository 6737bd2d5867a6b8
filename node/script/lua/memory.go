package lua

// NotEnoughMemory is the error of a script that holds too much; it has no position.
const NotEnoughMemory = "not enough memory"

// minRecount is how many bytes may be allocated at least before live memory is counted again.
const minRecount = 1 << 20

// charge accounts for n bytes that are about to be allocated. When as much was allocated as was live at the last
// count, live memory is counted again: what scripts have dropped is not held against them. The count walks what can
// be reached, so it is the same in each run, which the runtime's own figures are not.
func (st *State) charge(n int) {
	st.allocated += n
	if st.allocated < st.recountAt || st.MemoryLimit == 0 {
		return
	}
	if n <= st.MemoryLimit {
		st.live = st.reachable() + st.held
		if st.live+n <= st.MemoryLimit {
			st.allocated = n
			st.recountAt = n + max(minRecount, min(st.live, st.MemoryLimit-st.live-n))
			return
		}
	}
	st.allocated, st.recountAt = 0, minRecount
	panic(&Error{Value: Str(NotEnoughMemory)})
}

// Memory is the estimate of bytes in use: those live at the last count, and all allocated since.
func (st *State) Memory() int { return st.live + st.allocated }

// Live counts the bytes in use. Scripts cannot tell that it was asked.
func (st *State) Live() int { return st.reachable() + st.held }

// collect counts live memory now.
func (st *State) collect() {
	st.live, st.allocated = st.reachable()+st.held, 0
	st.recountAt = max(minRecount, st.live)
}

// walk is one count of live memory.
type walk struct {
	epoch uint32
	bytes int
	work  []*object
}

func (st *State) reachable() int {
	st.epoch++
	w := &walk{epoch: st.epoch}
	w.value(st.Globals.Value())
	if st.Strings != nil {
		w.value(st.Strings.Value())
	}
	for _, v := range st.roots {
		w.value(v)
	}
	w.value(st.main.value())
	w.value(st.running.value())
	for len(w.work) > 0 {
		o := w.work[len(w.work)-1]
		w.work = w.work[:len(w.work)-1]
		switch x := o.ref.(type) {
		case *Table:
			w.table(x)
		case *Function:
			w.function(x)
		case *cell:
			w.bytes += cellBytes
			w.value(x.v)
		case *Thread:
			w.thread(x)
		}
	}
	st.count += w.bytes / 1024 // it is work like any other
	return w.bytes
}

func (w *walk) value(v Value) {
	o := v.o
	if o == nil || o == numberTag || o == boolTag || o.epoch == w.epoch {
		return
	}
	o.epoch = w.epoch
	if o.kind == String {
		w.bytes += stringBytes + len(o.s)
	} else {
		w.work = append(w.work, o)
	}
}

func (w *walk) table(t *Table) {
	w.bytes += tableBytes + len(t.array)*valueBytes + len(t.nodes)*nodeBytes
	if t.meta != nil {
		w.value(t.meta.Value())
	}
	for _, v := range t.array {
		w.value(v)
	}
	for i := range t.nodes {
		if n := &t.nodes[i]; !n.val.IsNil() {
			w.value(n.key)
			w.value(n.val)
		}
	}
}

func (w *walk) function(f *Function) {
	w.bytes += functionBytes
	if f.env != nil {
		w.value(f.env.Value())
	}
	if f.held != nil {
		w.value(f.held.value())
	}
	for _, c := range f.upvals {
		w.value(Value{o: &c.self})
	}
}

func (w *walk) thread(th *Thread) {
	w.bytes += threadBytes + len(th.stack)*valueBytes
	for _, v := range th.stack[:th.inUse()] {
		w.value(v)
	}
	if th.resumer != nil {
		w.value(th.resumer.value())
	}
}
