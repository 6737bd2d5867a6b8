package reference

import (
	"maps"

	"github.com/ordeal-go/ordeal/histories"
)

// HyperLogLogs: what was counted is known, the estimate of how much that is within bounds.

var hllCommands = map[string]func(*Data, []string, histories.Value) want{"PFADD": pfadd, "PFCOUNT": pfcount, "PFMERGE": pfmerge}

// hll finds a HyperLogLog; a string of another kind is wrong too. An absent one is nil.
func (d *Data) hll(key string) (it *item, wrong bool) {
	it = d.get(key)
	return it, it != nil && it.counted == nil
}

// recount gives key a HyperLogLog that has counted all, and leaves its time to live.
func (d *Data) recount(key string, was *item, all map[string]bool) {
	it := &item{kind: isString, hidden: true, counted: all}
	if was != nil {
		it.mortal, it.dies = was.mortal, was.dies
	}
	d.put(key, it)
}

func pfadd(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.hll(w[1])
	if wrong {
		return wrongType
	}
	all := map[string]bool{}
	if it != nil {
		maps.Copy(all, it.counted)
	}
	known := len(all)
	for _, element := range w[2:] {
		all[element] = true
	}
	switch {
	case it == nil:
		d.recount(w[1], nil, all)
		return number(1)
	case len(all) == known:
		return number(0)
	}
	d.recount(w[1], it, all)
	return want{how: between, lo: 0, hi: 1} // two elements may have one register, and the other one the higher value
}

// counted is what several HyperLogLogs have counted together.
func (d *Data) counted(keys []string) (all map[string]bool, wrong bool) {
	all = map[string]bool{}
	for _, key := range keys {
		it, wrong := d.hll(key)
		if wrong {
			return nil, true
		}
		if it != nil {
			maps.Copy(all, it.counted)
		}
	}
	return all, false
}

func pfcount(d *Data, w []string, _ histories.Value) want {
	all, wrong := d.counted(w[1:])
	if wrong {
		return wrongType
	}
	// The standard error is 0.8 %, and of few elements one may share a register with another.
	n := int64(len(all))
	off := n/20 + min(n, 2)
	return want{how: between, lo: n - off, hi: n + off}
}

func pfmerge(d *Data, w []string, _ histories.Value) want {
	all, wrong := d.counted(w[1:])
	if wrong {
		return wrongType
	}
	d.recount(w[1], d.get(w[1]), all)
	return ok
}
