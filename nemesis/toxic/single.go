package toxic

import (
	"slices"

	"github.com/ordeal-go/ordeal/nemesis"
)

// clogged is one direction of one connection that a clog holds.
type clogged struct {
	id   int
	pipe *pipe
}

// pipes returns what p.From sends to p.To: a direction of each connection between them, the oldest first.
func (n *Network) pipes(p Pair) (pipes []*pipe) {
	between := n.open(func(c *connection) bool { return c.link.Pair == p || c.link.Pair == Pair{p.To, p.From} })
	for _, c := range between {
		c.mu.Lock()
		if c.callee != nil && !c.severed {
			if c.link.Pair == p {
				pipes = append(pipes, c.up)
			} else {
				pipes = append(pipes, c.down)
			}
		}
		c.mu.Unlock()
	}
	return pipes
}

// clog holds the oldest connections of each direction of f that are not clogged yet.
func (n *Network) clog(id int, f nemesis.Fault) {
	for _, p := range directions(f) {
		left := f.Int("connections")
		for _, pipe := range n.pipes(p) {
			if left == 0 {
				break
			}
			if pipe.now().clogged {
				continue
			}
			left--
			pipe.change(func() { pipe.clogs[id] = true })
			n.stuck = append(n.stuck, clogged{id, pipe})
		}
	}
}

// unclog lets the directions go on that were clogged first.
func (n *Network) unclog(f nemesis.Fault) {
	for _, p := range directions(f) {
		n.release(func(c clogged) bool { return c.pipe.route.Pair == p }, int(f.Int("connections")))
	}
}

// release lets those go on that which tells: at most so many, all of them if that is negative.
func (n *Network) release(which func(clogged) bool, most int) {
	n.stuck = slices.DeleteFunc(n.stuck, func(c clogged) bool {
		if most == 0 || !which(c) {
			return false
		}
		most--
		c.pipe.change(func() { delete(c.pipe.clogs, c.id) })
		return true
	})
}

// silence loses, for good, what is sent over the connections there are in the directions of f.
func (n *Network) silence(id int, f nemesis.Fault) {
	for _, p := range directions(f) {
		for _, pipe := range n.pipes(p) {
			pipe.change(func() { pipe.state.lost = true })
			n.silent[id] = append(n.silent[id], pipe)
		}
	}
}

// tell has whoever goes on sending over a connection that half-open fault id made one-sided learn that it is reset.
func (n *Network) tell(id int) {
	for _, pipe := range n.silent[id] {
		pipe.change(func() { pipe.state.told = true })
	}
	delete(n.silent, id)
}

// resetEnd resets one side of a connection and leaves the other as it is: it has not heard of anything.
func (c *connection) resetEnd(e *end) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.socket.SetLinger(0)
	e.socket.Close()
}

// forget ends a connection of which both sides are gone and one never heard that the other is.
func (c *connection) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.callee != nil && c.caller.ended.Load() && c.callee.ended.Load() && (c.up.now().lost || c.down.now().lost) {
		c.severLocked()
	}
}
