package election

import (
	"fmt"
	"slices"
)

// Bounds say how far a search goes.
type Bounds struct {
	Sentinels int // how many there are
	Epochs    int // the last one that anybody stands in
	Replicas  int // that may be chosen, numbered from 1; 0 is the master that is replaced
	Restarts  bool
	Orders    bool // an operator may order failovers; two orders in one epoch are known to break the promise of one master
}

// Found is what a search came to.
type Found struct {
	States, Steps, Depth int
	Broken               string // the promise that is broken, "" for none
	Path                 []Step // the shortest one that breaks it
}

// Search goes through all states within the bounds, breadth first.
func Search(r Rules, b Bounds) Found {
	var f Found
	type origin struct {
		from int
		by   Step
	}
	first := &State{Sentinels: make([]Sentinel, b.Sentinels)}
	seen := map[string]bool{first.key(): true}
	list, origins := []*State{first}, []origin{{-1, Step{}}}
	level := 1
	for at := 0; at < len(list); at++ {
		if at == level {
			f.Depth, level = f.Depth+1, len(list)
		}
		s := list[at]
		for _, step := range s.steps(b) {
			next := s.clone()
			if next.Do(r, step) != nil {
				continue
			}
			f.Steps++
			if f.Broken = next.Broken(s); f.Broken != "" {
				f.States = len(list)
				f.Path = []Step{step}
				for ; origins[at].from >= 0; at = origins[at].from {
					f.Path = append(f.Path, origins[at].by)
				}
				slices.Reverse(f.Path)
				return f
			}
			if key := next.key(); !seen[key] {
				seen[key] = true
				list, origins = append(list, next), append(origins, origin{at, step})
			}
		}
		list[at] = nil
	}
	f.States = len(list)
	return f
}

// steps are all that may be tried in s. Nobody gives up but by a restart: to the others it is the same.
func (s *State) steps(b Bounds) []Step {
	var all []Step
	for who := range s.Sentinels {
		me := &s.Sentinels[who]
		all = append(all, Step{Elect, who, 0, 0}, Step{Promote, who, 0, 0}, Step{End, who, 0, 0})
		if b.Restarts {
			all = append(all, Step{Restart, who, 0, 0})
		}
		for epoch := me.Saved; epoch <= b.Epochs; epoch++ {
			all = append(all, Step{Stand, who, epoch, 0}, Step{Hear, who, epoch, 0})
			if b.Orders {
				all = append(all, Step{Order, who, epoch, 0})
			}
		}
		for other := range s.Sentinels {
			all = append(all, Step{Vote, who, me.Epoch, other})
		}
		for replica := 1; replica <= b.Replicas; replica++ {
			all = append(all, Step{Choose, who, 0, replica})
		}
		for _, c := range s.Configs {
			all = append(all, Step{Adopt, who, c.Epoch, c.About})
		}
	}
	return all
}

func (s *State) clone() *State {
	return &State{slices.Clone(s.Sentinels), s.Stood, s.Votes, s.Led, s.Configs} // say copies what it adds to
}

// key tells states apart.
func (s *State) key() string {
	var b []byte
	for _, x := range s.Sentinels {
		ordered := 0
		if x.Ordered {
			ordered = 1
		}
		b = append(b, byte(x.Epoch), byte(x.Saved), byte(x.Voted), byte(x.Config), byte(x.Master), byte(x.Attempt), byte(x.Stage), byte(ordered), byte(x.Choice))
	}
	for _, list := range [][]Said{s.Stood, s.Votes, s.Led, s.Configs} {
		b = append(b, byte(len(list)))
		for _, x := range list {
			b = append(b, byte(x.Who), byte(x.Epoch), byte(x.About))
		}
	}
	return string(b)
}

func (s Step) String() string {
	return fmt.Sprintf("%v{%d: epoch %d, %d}", s.Kind, s.Who, s.Epoch, s.About)
}
