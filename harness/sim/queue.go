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
	supervised                      // machine, b (life): what exited for its disk's sake is started again
	stopLimit                       // machine, b (life): it was asked to stop long enough ago
)

// item is one thing that will happen. Items hold no pointers, so that the collector need not look at the queue.
type item struct {
	at      int64 // virtual time in ns
	a, b    uint32
	machine uint16
	what    occasion
}

// queue holds what will happen, the last thing first. Of two items at one time, the one pushed first happens first.
//
// It is a sorted list and no heap because of what is in it: nearly everything that is pushed is a message, which
// arrives before all but a few others, and what lies far ahead is a few timers of each machine.
type queue struct{ items []item }

func (q *queue) push(it item) {
	h := append(q.items, it)
	i := len(h) - 1
	for i > 0 && h[i-1].at <= it.at {
		h[i] = h[i-1]
		i--
	}
	h[i] = it
	q.items = h
}

// due says whether something happens at until or before.
func (q *queue) due(until int64) bool {
	n := len(q.items)
	return n > 0 && q.items[n-1].at <= until
}

// next is when the next item comes up; there must be one.
func (q *queue) next() int64 { return q.items[len(q.items)-1].at }

// pop takes the next item out; there must be one.
func (q *queue) pop() item {
	n := len(q.items) - 1
	it := q.items[n]
	q.items = q.items[:n]
	return it
}
