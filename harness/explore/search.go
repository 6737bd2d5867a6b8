package explore

import (
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
)

// Plan says what is searched, and how far. The zero value of a number that has a default is that default.
type Plan struct {
	Replicas  int           // default 2
	Sentinels int           // default 3
	Quorum    int           // default: a majority
	DownAfter time.Duration // default 1 s
	Rounds    int           // rounds of 100 ms from the last moment before the master is called down; default 12
	Delay     int           // rounds that a message may lie beyond the one in which it was sent; default 0
	Faults    int           // faults beside the master's death, at most; default 0
	Kinds     []string      // of faults: crash, restart, pause, cut; default all
	States    int           // states after which the search gives up, 0: never
	Every     bool          // answers too may come at any moment of their round: see doc.go
	// Stop is asked now and then whether to give up; nil: never.
	Stop func(Report) bool

	settling bool // everything is delivered at once: before the search begins
}

// settlingRounds are enough for every Sentinel to know everything.
const settlingRounds = 30

// FaultKinds are the kinds of faults that there are.
func FaultKinds() []string { return []string{"crash", "restart", "pause", "cut"} }

func (p *Plan) may(kind moveKind) bool {
	names := map[moveKind]string{crash: "crash", restart: "restart", pause: "pause", cut: "cut"}
	if len(p.Kinds) == 0 {
		return true
	}
	for _, k := range p.Kinds {
		if k == names[kind] {
			return true
		}
	}
	return false
}

// Report is what a search found.
type Report struct {
	Faults      int    // at most
	States      int    // told apart
	Transitions int    // moves made
	Depth       int    // moves on the shortest way to the farthest state
	Ends        int    // states in which the last round had ended
	Complete    bool   // everything within the plan was searched
	Why         string // it is not complete
	Locals      int    // states of single machines, of which the states of the whole are made
	Steps       int    // of cores
	Led         int    // of these, to lead a core to a state again
	Switched    int    // ends in which all Sentinels that run have one new master
	Violation   string // "" for none
	Moves       int    // that lead to it
	Path        []string
}

// Search searches breadth first, without faults, then with one, up to as many as the plan allows: the violation that it
// finds, if there is one, has the fewest faults and, with these, the fewest moves. The report is of the last search.
func Search(p Plan) (Report, error) {
	w, err := newWorld(p)
	if err != nil {
		return Report{}, err
	}
	s, err := w.lead()
	if err != nil {
		return Report{}, err
	}
	var q search
	for faults := range p.Faults + 1 {
		w.plan.Faults = faults
		q = search{w: w, seen: map[[2]uint64]struct{}{}}
		q.report.Faults = faults
		q.add(s, -1, move{})
		q.run()
		if q.report.Violation != "" || !q.report.Complete {
			break
		}
	}
	q.report.Locals, q.report.Steps, q.report.Led = len(w.locals.list), w.locals.steps, w.locals.led
	if q.report.Violation != "" {
		moves := q.path(q.at, q.last)
		q.report.Moves, q.report.Path = len(moves), w.tell(s, moves)
	}
	return q.report, nil
}

func newWorld(p Plan) (*world, error) {
	if p.Replicas == 0 {
		p.Replicas = 2
	}
	if p.Sentinels == 0 {
		p.Sentinels = 3
	}
	if p.DownAfter == 0 {
		p.DownAfter = time.Second
	}
	if p.Rounds == 0 {
		p.Rounds = 12
	}
	spec := redis.Spec{Replicas: p.Replicas, Sentinels: p.Sentinels, Quorum: p.Quorum}
	if err := spec.Check(); err != nil {
		return nil, err
	}
	if n := 1 + p.Replicas + p.Sentinels; n > 16 {
		return nil, fmt.Errorf("a search of %d machines: more than 16 have no names, and no end either", n)
	}
	w := &world{plan: p, machines: redis.System{
		Cluster: spec,
		Config:  cluster.Settings{{Name: "repl-diskless-sync-delay", Value: "0"}},
		Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: fmt.Sprint(p.DownAfter.Milliseconds())},
			{Name: "failover-timeout", Value: "10000"}},
	}.Nodes(cluster.SimAddressing())}
	for i := range w.machines {
		if m := &w.machines[i]; m.Kind == cluster.Sentinel {
			m.Files[m.ConfigPath] = "sentinel myid " + idOf(i) + "\n" + m.Files[m.ConfigPath] + w.knownReplicas()
		}
	}
	w.locals = &locals{machines: w.machines, messages: newMessages(), byKey: map[string]localID{},
		horizon: time.Duration(p.Rounds+2) * roundLength}
	w.records = newRecords(func(i int) string { return w.machines[i].Name }, max(p.Sentinels/2+1, spec.QuorumInForce()))
	return w, nil
}

// knownReplicas are the lines of a sentinel.conf by which a Sentinel need not wait for an INFO that names its replicas.
func (w *world) knownReplicas() string {
	text := ""
	for i := range w.machines {
		if m := &w.machines[i]; m.Kind == cluster.Server && i != theMaster {
			text += fmt.Sprintf("sentinel known-slave %s %s %d\n", redis.MasterName, m.Announce, m.Port)
		}
	}
	return text
}

// search is one under way. States are numbered in the order in which they are met.
type search struct {
	w        *world
	report   Report
	seen     map[[2]uint64]struct{}
	parent   []int32
	by       []move
	frontier [][]byte // encoded, of the states from base on
	base     int
	scratch  []byte
	at       int // the state in which the violation was met, and by which move
	last     move
}

// add puts s on the list unless it is there.
func (q *search) add(s *state, parent int, by move) {
	q.scratch = s.encode(q.scratch[:0])
	name := hash(q.scratch)
	if _, known := q.seen[name]; known {
		return
	}
	q.seen[name] = struct{}{}
	q.parent, q.by = append(q.parent, int32(parent)), append(q.by, by)
	q.frontier = append(q.frontier, append([]byte(nil), q.scratch...))
	q.report.States++
}

func (q *search) run() {
	plan := &q.w.plan
	for len(q.frontier) > 0 {
		level, base := q.frontier, q.base
		q.frontier, q.base = nil, q.base+len(level)
		for i, b := range level {
			if plan.States > 0 && q.report.States >= plan.States {
				q.report.Why = fmt.Sprintf("more than %d states", plan.States)
				return
			}
			if i%1024 == 0 && plan.Stop != nil && plan.Stop(q.report) {
				q.report.Why = "it was stopped"
				return
			}
			if !q.expand(b, base+i) {
				return
			}
			level[i] = nil
		}
		if len(q.frontier) > 0 {
			q.report.Depth++
		}
	}
	q.report.Complete = true
}

// expand makes every move that is possible in a state; it returns false at a violation.
func (q *search) expand(b []byte, number int) bool {
	w := q.w
	s := decode(b, len(w.machines))
	if int(s.round) >= w.plan.Rounds {
		q.report.Ends++
		if w.switched(s) {
			q.report.Switched++
		}
		return true
	}
	for _, m := range w.can(s) {
		next := s.clone()
		q.report.Transitions++
		if bad := w.do(next, m); bad != nil {
			q.report.Violation, q.at, q.last = bad.text, number, m
			return false
		}
		q.add(next, number, m)
	}
	return true
}

// switched says whether all Sentinels that run have one new master.
func (w *world) switched(s *state) bool {
	is := w.records.list[s.record]
	for i := range s.machines {
		if !w.isSentinel(i) || s.machines[i].mode != up {
			continue
		}
		moved := false
		for _, f := range is {
			moved = moved || f.kind == configured && f.machine == i && f.about != theMaster
		}
		if !moved {
			return false
		}
	}
	return true
}

// path is the moves that lead to state number at, and then last.
func (q *search) path(at int, last move) []move {
	moves := []move{last}
	for ; q.parent[at] >= 0; at = int(q.parent[at]) {
		moves = append(moves, q.by[at])
	}
	for i, j := 0, len(moves)-1; i < j; i, j = i+1, j-1 {
		moves[i], moves[j] = moves[j], moves[i]
	}
	return moves
}

// tell plays a path again and says what happens on it, one line a move and what was logged in it below.
func (w *world) tell(from *state, moves []move) []string {
	var story []string
	s := from.clone()
	w.watch = func(i int, _ event, o *outcome) {
		for _, line := range o.lines {
			if line = w.locals.log(line); w.isSentinel(i) || strings.Contains(line, "MASTER MODE") || strings.Contains(line, "SLAVE OF") {
				story = append(story, "      "+w.machines[i].Name+" "+line)
			}
		}
	}
	defer func() { w.watch = nil }()
	for n, m := range moves {
		story = append(story, fmt.Sprintf("%3d  %s", n+1, w.describe(s, m)))
		if bad := w.do(s, m); bad != nil {
			story = append(story, "     => "+bad.text)
		}
	}
	return story
}

// describe says in words what a move in s is.
func (w *world) describe(s *state, m move) string {
	who := w.machines[m.who].Name
	text := ""
	switch m.kind {
	case deliver:
		i, _ := s.pipeAt(m.conn, int(m.who))
		p := &s.pipes[i]
		text = who + " hears " + w.machines[p.from()].Name + ": " + w.locals.named(w.locals.messages.of(p.packets[0].msg).short)
	case tick:
		text = who + " ticks"
	case endRound:
		return fmt.Sprintf("round %d is over", s.round+1)
	case cut:
		return fmt.Sprintf("FAULT cut %s | %s", who, w.machines[m.other].Name)
	case resume:
		return who + " goes on"
	case crash:
		return "FAULT " + who + " is killed"
	case restart:
		return "FAULT " + who + " is started again"
	case pause:
		return "FAULT " + who + " stands still"
	}
	if m.longer {
		text += ", and draws the longest delay"
	}
	if m.deaf {
		text += ". FAULT the link is cut before the answer arrives"
	}
	if m.dies {
		text += ". FAULT it is killed once its file is written"
	}
	return text
}

// isAbout says whether a line of a log has these words.
func isAbout(line, words string) bool { return strings.Contains(line, words) }
