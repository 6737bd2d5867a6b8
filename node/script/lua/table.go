package lua

import (
	"math"
	"math/bits"
)

// Table is a table of Lua with the layout of Lua 5.1: an array for the keys 1..n, sized so that more than half of it
// is in use, and a hash of chained nodes whose size is a power of two, in which each key stands at its main position
// or is chained from it. Layout shows in # and in the order of next.
type Table struct {
	self  object
	st    *State
	meta  *Table
	array []Value
	nodes []node // nil for an empty hash, else 2^k
	free  int    // all nodes from here on have been in use
}

type node struct {
	key, val Value
	next     int // index+1 of the next in the chain, 0 at its end
}

const (
	tableBytes = 96
	nodeBytes  = 40
	valueBytes = 16
	maxBits    = 26 // the array part grows to 2^26 entries, as in 5.1
)

// NewTable makes a table with room for an array and for other keys.
func (st *State) NewTable(narray, nhash int) *Table {
	t := &Table{st: st}
	st.births++
	t.self = object{kind: TableKind, hash: st.births, ref: t}
	st.charge(tableBytes)
	if narray > 0 {
		st.charge(narray * valueBytes)
		t.array = make([]Value, narray)
	}
	if nhash > 0 {
		t.makeNodes(nhash)
	}
	return t
}

// Value is t as a value.
func (t *Table) Value() Value { return Value{o: &t.self} }

// SetMeta gives t a metatable, or none.
func (t *Table) SetMeta(meta *Table) { t.meta = meta }

func (t *Table) makeNodes(n int) {
	t.nodes, t.free = nil, 0
	if n == 0 {
		return
	}
	size := 1 << bits.Len(uint(n-1))
	t.st.charge(size * nodeBytes)
	t.nodes = make([]node, size)
	t.free = size
}

// hashNumber is Lua 5.1's: the sum of the words of the number.
func hashNumber(n float64) uint32 {
	if n == 0 {
		return 0 // both zeros are one key
	}
	b := math.Float64bits(n)
	return uint32(b) + uint32(b>>32)
}

// mainPosition is the node in which key belongs; t has nodes.
func (t *Table) mainPosition(key Value) int {
	size := uint32(len(t.nodes))
	switch key.o.kind {
	case Number:
		if key.n == 0 {
			return 0
		}
		return int(hashNumber(key.n) % (size - 1 | 1))
	case String:
		return int(key.o.stringHash() & (size - 1))
	case Boolean:
		return int(uint32(key.n) & (size - 1))
	}
	return int(key.o.hash % (size - 1 | 1))
}

// arrayIndex is the integer key is, or 0.
func arrayIndex(n float64) int {
	if i := int(n); n >= 1 && n <= 1<<maxBits && float64(i) == n {
		return i
	}
	return 0
}

// Get reads without metamethods.
func (t *Table) Get(key Value) Value {
	if p := t.find(key); p != nil {
		return *p
	}
	return Value{}
}

// GetStr reads the field of that name.
func (t *Table) GetStr(name string) Value { return t.Get(Str(name)) }

// GetInt reads without metamethods.
func (t *Table) GetInt(i int) Value {
	if i >= 1 && i <= len(t.array) {
		return t.array[i-1]
	}
	return t.Get(Int(i))
}

// find is where the value of key lies, or nil.
func (t *Table) find(key Value) *Value {
	if key.o == nil {
		return nil
	}
	if key.o == numberTag {
		if i := arrayIndex(key.n); i > 0 && i <= len(t.array) {
			return &t.array[i-1]
		}
		if key.n != key.n {
			return nil
		}
	}
	if t.nodes == nil {
		return nil
	}
	if key.o.kind == String {
		return t.findString(key.o)
	}
	for i := t.mainPosition(key) + 1; i != 0; {
		n := &t.nodes[i-1]
		if n.key.o == key.o && n.key.n == key.n {
			return &n.val
		}
		i = n.next
	}
	return nil
}

func (t *Table) findString(o *object) *Value {
	h := o.stringHash()
	for i := int(h&uint32(len(t.nodes)-1)) + 1; i != 0; {
		n := &t.nodes[i-1]
		k := n.key.o
		if k == o || k != nil && k.kind == String && k.hash == h && k.s == o.s {
			return &n.val
		}
		i = n.next
	}
	return nil
}

// Set writes without metamethods. key is neither nil nor NaN. As in 5.1 even a nil makes the key exist in the hash.
func (t *Table) Set(key, val Value) { *t.slot(key) = val }

// SetStr writes the field of that name.
func (t *Table) SetStr(name string, val Value) { t.Set(Str(name), val) }

// SetInt writes without metamethods.
func (t *Table) SetInt(i int, val Value) {
	if i >= 1 && i <= len(t.array) {
		t.array[i-1] = val
		return
	}
	t.Set(Int(i), val)
}

func (t *Table) slot(key Value) *Value {
	if p := t.find(key); p != nil {
		return p
	}
	return t.insert(key)
}

// insert makes a node for a key that is not there. If its main position is taken by a key that does not belong
// there, that one moves out; otherwise the new key goes to a free node and is chained.
func (t *Table) insert(key Value) *Value {
	if t.nodes == nil {
		t.rehash(key)
		return t.slot(key)
	}
	at := t.mainPosition(key)
	main := &t.nodes[at]
	if !main.val.IsNil() {
		free := t.freeNode()
		if free < 0 {
			t.rehash(key)
			return t.slot(key)
		}
		fresh := &t.nodes[free]
		if other := t.mainPosition(main.key); other != at {
			for t.nodes[other].next != at+1 {
				other = t.nodes[other].next - 1
			}
			t.nodes[other].next = free + 1
			*fresh = *main
			main.next, main.val = 0, Value{}
		} else {
			fresh.next = main.next
			main.next = free + 1
			main = fresh
		}
	}
	main.key = key
	return &main.val
}

func (t *Table) freeNode() int {
	for t.free > 0 {
		t.free--
		if t.nodes[t.free].key.IsNil() {
			return t.free
		}
	}
	return -1
}

// rehash sizes both parts for what is in the table and for key.
func (t *Table) rehash(key Value) {
	var nums [maxBits + 1]int // nums[i]: integer keys in (2^(i-1), 2^i]
	inArray := t.countArray(&nums)
	total := inArray
	for i := range t.nodes {
		if n := &t.nodes[i]; !n.val.IsNil() {
			inArray += countInteger(n.key, &nums)
			total++
		}
	}
	inArray += countInteger(key, &nums)
	total++
	size, used := arraySize(&nums, inArray)
	t.resize(size, total-used)
}

func (t *Table) countArray(nums *[maxBits + 1]int) (used int) {
	i := 1
	for lg, limit := 0, 1; lg <= maxBits; lg, limit = lg+1, limit*2 {
		count := 0
		for end := min(limit, len(t.array)); i <= end; i++ {
			if !t.array[i-1].IsNil() {
				count++
			}
		}
		nums[lg] += count
		used += count
		if limit >= len(t.array) {
			break
		}
	}
	return used
}

func countInteger(key Value, nums *[maxBits + 1]int) int {
	if key.o != numberTag {
		return 0
	}
	i := arrayIndex(key.n)
	if i == 0 {
		return 0
	}
	nums[bits.Len(uint(i-1))]++
	return 1
}

// arraySize is the largest n such that more than half of 1..n is in use, and how many keys go there.
func arraySize(nums *[maxBits + 1]int, integers int) (size, used int) {
	sum := 0
	for i, half := 0, 0; i <= maxBits && half < integers; i++ {
		if nums[i] > 0 {
			sum += nums[i]
			if sum > half {
				size, used = 1<<i, sum
			}
		}
		if sum == integers {
			break
		}
		half = 1 << i
	}
	return size, used
}

func (t *Table) resize(narray, nhash int) {
	oldArray, oldNodes := t.array, t.nodes
	if narray > len(oldArray) {
		t.st.charge((narray - len(oldArray)) * valueBytes)
		if narray <= cap(oldArray) {
			t.array = oldArray[:narray]
		} else {
			t.array = make([]Value, narray)
			copy(t.array, oldArray)
		}
	}
	t.makeNodes(nhash)
	if narray < len(oldArray) {
		t.array = append([]Value(nil), oldArray[:narray]...)
		for i := narray; i < len(oldArray); i++ {
			if !oldArray[i].IsNil() {
				t.Set(Int(i+1), oldArray[i])
			}
		}
	}
	for i := len(oldNodes) - 1; i >= 0; i-- {
		if n := &oldNodes[i]; !n.val.IsNil() {
			t.Set(n.key, n.val)
		}
	}
}

// growArray makes room for the items of a constructor up to n.
func (t *Table) growArray(n int) {
	if n > len(t.array) {
		t.resize(n, len(t.nodes))
	}
}

// Len is a border of t: an n with t[n] ~= nil and t[n+1] == nil. With holes there are several; it is 5.1's one.
func (t *Table) Len() int {
	n := len(t.array)
	if n > 0 && t.array[n-1].IsNil() {
		lo := 0
		for n-lo > 1 {
			if m := (lo + n) / 2; t.array[m-1].IsNil() {
				n = m
			} else {
				lo = m
			}
		}
		return lo
	}
	if t.nodes == nil {
		return n
	}
	lo, hi := n, n+1
	for !t.GetInt(hi).IsNil() {
		lo, hi = hi, hi*2
		if hi > math.MaxInt32-2 { // built to mislead: count
			i := 1
			for !t.GetInt(i).IsNil() {
				i++
			}
			return i - 1
		}
	}
	for hi-lo > 1 {
		if m := (lo + hi) / 2; t.GetInt(m).IsNil() {
			hi = m
		} else {
			lo = m
		}
	}
	return lo
}

// Next is the entry after key, the first after nil; a nil key ends. ok is false if key is not in t.
func (t *Table) Next(key Value) (k, v Value, ok bool) {
	i, ok := t.position(key)
	if !ok {
		return Value{}, Value{}, false
	}
	for ; i < len(t.array); i++ {
		if !t.array[i].IsNil() {
			return Int(i + 1), t.array[i], true
		}
	}
	for i -= len(t.array); i < len(t.nodes); i++ {
		if n := &t.nodes[i]; !n.val.IsNil() {
			return n.key, n.val, true
		}
	}
	return Value{}, Value{}, true
}

// position is the number of the entry after key in traversal.
func (t *Table) position(key Value) (int, bool) {
	if key.IsNil() {
		return 0, true
	}
	if key.o == numberTag {
		if i := arrayIndex(key.n); i > 0 && i <= len(t.array) {
			return i, true
		}
		if key.n != key.n {
			return 0, false
		}
	}
	if t.nodes == nil {
		return 0, false
	}
	for i := t.mainPosition(key) + 1; i != 0; i = t.nodes[i-1].next {
		if rawEqual(t.nodes[i-1].key, key) {
			return len(t.array) + i, true
		}
	}
	return 0, false
}
