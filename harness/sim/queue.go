package sim

// occasion says what a queue item is about, and so which fields mean something.
type occasion uint8

const (
	runMachine  occasion = iota + 1 // machine: go on with its mailbox
	unblock                         // machine, b (block number): a foreground job or Busy is over
	timerDue                        // machine, a (slot), b (generation)
	jobStep                         // a (job): the step under way is done
	arrival                         // a (endpoint): its first piece in flight reaches the peer
	windowOpens                     // a (endpoint), b (bytes): the peer's acknowledgement
	retransmit                      // a (endpoint): what was lost on a cut link is sent again
	giveUp                          // a (endpoint), b (stall number): retransmission ends
	synArrives                      // a (endpoint): a connection request reaches the other machine
	synAnswered                     // a (endpoint), b (1: yes, 0: refused)
	synAgain                        // a (endpoint), b (attempt)
	proxyGoesOn                     // a (endpoint): a toxic has slept enough
	disowned                        // a (endpoint): a reset answers bytes for a connection that is dead to the other side
	stopLimit                       // machine, b (life): it was asked to stop long enough ago
)

// item is one thing that will happen. Items hold no pointers, so that the collector need not look at the queue.
type item struct {
	at      int64  // virtual time in ns
	seq     uint64 // of two items at one time, the one pushed first happens first
	a, b    uint32
	machine uint16
	what    occasion
}

func (x *item) before(y *item) bool {
	return x.at < y.at || x.at == y.at && x.seq < y.seq
}

// queue is a heap in which each item has four children: half as deep as a binary one, and the four lie in two
// cache lines.
type queue struct {
	items []item
	seq   uint64
}

func (q *queue) push(it item) {
	q.seq++
	it.seq = q.seq
	q.items = append(q.items, it)
	h := q.items
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !it.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = it
}

// pop takes the first item out; there must be one.
func (q *queue) pop() item {
	h := q.items
	first := h[0]
	n := len(h) - 1
	last := h[n]
	q.items = h[:n]
	if n == 0 {
		return first
	}
	h = h[:n]
	i := 0
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, n); c++ {
			if h[c].before(&h[least]) {
				least = c
			}
		}
		if !h[least].before(&last) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = last
	return first
}
