package replication

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Snapshots holds servers to their save points and to what they load: as many changes as a save point wants lead to a
// snapshot within its time, an orderly end does, too; a snapshot is on the platter before it takes the place of the last
// one; a server that starts again has what it saved or was sent last; and while its last snapshot failed, a master takes no
// writes, as stop-writes-on-bgsave-error has it, and otherwise does.
//
// Nothing is held against a server whose disk a fault touched, unless it is that writes go on. Redis 4.0: server.c,
// serverCron, prepareForShutdown, processCommand; rdb.c, rdbSave.
type Snapshots struct{}

// Name implements Checker.
func (Snapshots) Name() string { return "snapshots" }

// retrySlack is how long a server that could not save may wait before it tries again, 5 s and what its cron takes.
const retrySlack = 7 * time.Second

// Check implements Checker.
func (Snapshots) Check(r *checkers.Record) checkers.Verdict {
	s := saves{r: r, set: evidence.SettingsOf(r)}
	for _, name := range []string{"files put in place", "starts with data", "orderly ends", "times between snapshots", "writes with the last snapshot failed"} {
		s.q.Saw(name, 0)
	}
	if missing := s.set.Missing(r.OfKind("server")); missing != "" {
		return s.q.Verdict(missing, "")
	}
	s.gather()
	for _, name := range s.r.OfKind("server") {
		d := s.of(name)
		s.synced(name, d)
		s.loads(name, d)
		s.ends(name, d)
		s.due(name, d)
	}
	s.refusals()
	missing := ""
	if s.q.Count("files put in place")+s.q.Count("orderly ends")+s.q.Count("times between snapshots") == 0 {
		missing = "nobody saved anything, or was to"
	}
	return s.q.Verdict(missing, "what was to be saved was, and what was loaded had been saved last")
}

func (Snapshots) Promise(r *checkers.Record) checkers.Promise {
	if slices.Contains(evidence.SettingsOf(r).Ever(r.OfKind("server"), "appendonly"), "yes") {
		return checkers.Nobody("the append only file says what is loaded")
	}
	return r.Ends("an operator changed the settings, or the files", "run-as", "restore-rdb", "name=save", "name=dbfilename", "name=dir", "name=appendonly",
		"name=stop-writes-on-bgsave-error")
}

// savePoint is "save seconds changes".
type savePoint struct {
	within  time.Duration
	changes int
}

// points are the save points that a server was given, not those that it has by itself.
func (s *saves) points(server string, at time.Duration) (points []savePoint) {
	words := strings.Fields(s.set.At(server, "save", "", at).Value)
	for i := 0; i+1 < len(words); i += 2 {
		seconds, err1 := strconv.Atoi(words[i])
		changes, err2 := strconv.Atoi(words[i+1])
		if err1 == nil && err2 == nil {
			points = append(points, savePoint{time.Duration(seconds) * time.Second, changes})
		}
	}
	return points
}

// saving says whether a server was ever given save points.
func (s *saves) saving() bool { return len(s.set.Ever(s.r.OfKind("server"), "save")) > 0 }

type saves struct {
	r      *checkers.Record
	q      checkers.Inquiry
	set    *evidence.Settings
	byName map[string]*disk
}

// disk is what is known of one server's snapshots, each list in order of time.
type disk struct {
	renamed []*histories.Note
	taken   []*histories.Note // snapshot notes
	loaded  []*histories.Note
	resyncs []*histories.Note // full ones
	begun   []time.Duration   // snapshots, as logged
	over    []outcome
	changes []time.Duration // that clients made
}

// outcome is the end of a snapshot.
type outcome struct {
	at time.Duration
	ok bool
}

func (s *saves) of(name string) *disk {
	if s.byName == nil {
		s.byName = map[string]*disk{}
	}
	if s.byName[name] == nil {
		s.byName[name] = &disk{}
	}
	return s.byName[name]
}

func (s *saves) gather() {
	for i := range s.r.Notes {
		switch n := &s.r.Notes[i]; {
		case n.Kind == "file" && strings.HasSuffix(n.Text, ".rdb"):
			s.q.Saw("files put in place", 1)
			s.of(n.Machine).renamed = append(s.of(n.Machine).renamed, n)
		case n.Kind == "snapshot":
			s.of(n.Machine).taken = append(s.of(n.Machine).taken, n)
		case n.Kind == "loaded":
			s.of(n.Machine).loaded = append(s.of(n.Machine).loaded, n)
		case n.Kind == "resync" && n.Result == "fullresync":
			s.of(n.Machine).resyncs = append(s.of(n.Machine).resyncs, n)
		}
	}
	for i := range s.r.Logs {
		d, l := s.of(s.r.Logs[i].Machine), &s.r.Logs[i]
		switch {
		case strings.Contains(l.Text, "Background saving started"), strings.Contains(l.Text, "Saving the final RDB snapshot"):
			d.begun = append(d.begun, l.Time)
		case strings.Contains(l.Text, "Background saving error"):
			d.over = append(d.over, outcome{l.Time, false})
		case strings.Contains(l.Text, "Background saving terminated with success"), strings.Contains(l.Text, "DB saved on disk"):
			d.over = append(d.over, outcome{l.Time, true})
		case strings.Contains(l.Text, "Background saving terminated by signal"):
			d.over = append(d.over, outcome{l.Time, d.lastOK(l.Time)})
		}
	}
	if !s.saving() {
		return // nobody asks how many changes there were
	}
	for i := range s.r.Places {
		p := &s.r.Places[i]
		s.of(p.Machine).changes = append(s.of(p.Machine).changes, p.Time)
	}
}

// lastOK says whether the last snapshot before at had not failed.
func (d *disk) lastOK(at time.Duration) bool {
	for i := len(d.over) - 1; i >= 0; i-- {
		if d.over[i].at < at {
			return d.over[i].ok
		}
	}
	return true
}

// onDisk are the faults that change what a disk does, or what it holds.
var onDisk = []string{"lying-fsync", "torn-tail", "eio-read", "eio-write", "eio-sync", "disk-full", "file-gone", "restore-rdb", "run-as", "slow-disk"}

// hurt says whether a fault of the disk touched the machine at any time up to at.
func (s *saves) hurt(name string, at time.Duration) bool {
	return s.touched(name, 0, at, func(verb string) bool { return slices.Contains(onDisk, verb) })
}

// touched says whether a fault of such a verb touched the machine at some moment of [from, to], or within 10 s before.
func (s *saves) touched(name string, from, to time.Duration, such func(verb string) bool) bool {
	for i := range s.r.Faults {
		f := &s.r.Faults[i]
		verb, _, _ := strings.Cut(f.Text, " ")
		if such(verb) && (slices.Contains(f.Targets, name) || verb == "bounce-all") && f.Start <= to &&
			(f.Stop == histories.Forever || f.Stop+10*time.Second >= from) {
			return true
		}
	}
	return false
}

func (s *saves) synced(name string, d *disk) {
	for _, n := range d.renamed {
		if n.Result == "unsynced" && !s.hurt(name, n.Time) {
			s.q.Breach(n.Time, name, nil, "put %s in its place before its %d bytes were on the platter: a loss of power would have left nothing of it", n.Text, n.N)
		}
	}
}

// loads: what a process loads is what the one before it put in place last.
func (s *saves) loads(name string, d *disk) {
	t := s.r.Timelines[name]
	for _, l := range d.loaded {
		life := t.LifeAt(l.Time)
		if life < 1 || s.hurt(name, l.Time) || s.touched(name, t.Lives[life-1].From, l.Time, func(verb string) bool { return verb == "powerloss" || verb == "stall" }) {
			continue
		}
		i := sort.Search(len(d.renamed), func(i int) bool { return d.renamed[i].Time > l.Time }) - 1
		if i < 0 || s.r.World != "sim" {
			continue
		}
		s.q.Saw("starts with data", 1)
		file := d.renamed[i]
		before := time.Duration(0)
		if i > 0 {
			before = d.renamed[i-1].Time
		}
		var may []*histories.Note
		may = append(may, notedIn(d.taken, before, file.Time)...)
		may = append(may, notedIn(d.resyncs, file.Time, l.Time)...)
		if len(may) == 0 {
			continue
		}
		same := func(n *histories.Note) bool { return n.ReplID == l.ReplID2 && n.Offset == l.Offset2 }
		switch {
		case l.ReplID2 != "" && !slices.ContainsFunc(may, same):
			s.q.Breach(l.Time, name, nil, "loaded what belongs to offset %d of %s, and had put that of offset %d of %s in place at %v", l.Offset2, evidence.Short(l.ReplID2),
				may[len(may)-1].Offset, evidence.Short(may[len(may)-1].ReplID), file.Time)
		case l.ReplID2 == "" && len(may) == 1 && s.named(t, may[0]):
			s.q.Breach(l.Time, name, nil, "loaded what does not say to which place of which history it belongs, although it was taken by a replica at offset %d of %s",
				may[0].Offset, evidence.Short(may[0].ReplID))
		}
	}
}

// named says whether a snapshot must name its place: that of a replica with a link does.
func (s *saves) named(t *checkers.Timeline, n *histories.Note) bool {
	return n.Kind == "snapshot" && s.r.Always(t, n.Time-time.Millisecond, n.Time+time.Millisecond, func(n *histories.Note) bool { return checkers.IsReplica(n) && n.Link == checkers.LinkUp })
}

// notedIn are the notes in (from, to].
func notedIn(notes []*histories.Note, from, to time.Duration) (found []*histories.Note) {
	for _, n := range notes {
		if n.Time > from && n.Time <= to {
			found = append(found, n)
		}
	}
	return found
}

// ends: who is asked to end, and has save points, saves.
func (s *saves) ends(name string, d *disk) {
	t := s.r.Timelines[name]
	for i := range s.r.Faults {
		f := &s.r.Faults[i]
		verb, _, _ := strings.Cut(f.Text, " ")
		life := t.LifeAt(f.Start)
		if verb != "terminate" || len(s.points(name, f.Start)) == 0 || !slices.Contains(f.Targets, name) || life < 0 || t.Lives[life].To == histories.Forever || t.Lives[life].To > f.Start+2*time.Second ||
			s.hurt(name, t.Lives[life].To) {
			continue
		}
		down := t.Lives[life].To
		if first := t.FirstState(t.Lives[life]); first == nil || first.Time > f.Start {
			continue // it was not yet ready
		}
		if s.touched(name, f.Start, down, func(verb string) bool {
			return verb == "kill" || verb == "powerloss" || verb == "storm" || verb == "bounce-all" || verb == "restart"
		}) {
			continue
		}
		s.q.Saw("orderly ends", 1)
		if len(notedIn(d.renamed, f.Start, down)) == 0 && s.r.World == "sim" && !loadingAt(t, f.Start) {
			s.q.Breach(down, name, nil, "was asked to end at %v, and saved nothing although it has save points", f.Start)
		}
	}
}

// loadingAt says whether a replica may just have been loading what its master sent.
func loadingAt(t *checkers.Timeline, at time.Duration) bool {
	i := checkers.LastAt(t.Own, at)
	return i >= 0 && checkers.IsReplica(t.Own[i]) && t.Own[i].Link != checkers.LinkUp
}

// due: as many changes as a save point wants lead to a snapshot.
func (s *saves) due(name string, d *disk) {
	t := s.r.Timelines[name]
	if len(d.changes) == 0 || s.r.Slack > 0 {
		return
	}
	for _, life := range t.Lives {
		saved, since := life.From, life.From // the last success; the last try, or its end
		end := min(life.To, s.r.End)
		moments := append(slices.DeleteFunc(slices.Clone(d.begun), func(at time.Duration) bool { return at <= life.From || at > end }), end)
		for _, at := range moments {
			points := s.points(name, at)
			s.q.Saw("times between snapshots", min(1, len(points)))
			for _, p := range points {
				by := at - retrySlack
				made := between(d.changes, saved, by)
				if made > p.changes && by > max(saved+p.within, since)+time.Second && !s.idle(name, life, saved, at) {
					s.q.Breach(at, name, nil, "had %d changes since %v and took no snapshot by %v, although %d changes in %v are to lead to one", made, saved, at, p.changes, p.within)
					return
				}
			}
			since = end // it is still under way, unless its end is known
			for _, o := range d.over {
				if o.at >= at && o.at <= end {
					if since = o.at; o.ok {
						saved = o.at
					}
					break
				}
			}
		}
	}
}

// idle says whether the server may not have come to save: it was no master all the time, so that its changes are not all
// known, or a fault touched its process or its disk.
func (s *saves) idle(name string, life checkers.Life, from, to time.Duration) bool {
	return !s.r.Always(s.r.Timelines[name], max(from, life.From+time.Second), to, checkers.IsMaster) ||
		s.touched(name, from, to, func(verb string) bool { return !slices.Contains(onNetwork, verb) })
}

// between counts the times in (from, to].
func between(times []time.Duration, from, to time.Duration) int {
	after := func(at time.Duration) int { return sort.Search(len(times), func(i int) bool { return times[i] > at }) }
	return max(0, after(to)-after(from))
}

// refusals: writes are taken if and only if the last snapshot did not fail.
func (s *saves) refusals() {
	if !s.saving() {
		return
	}
	f := checkers.FunctionsOf(s.r)
	for i := range s.r.Ops {
		op := &s.r.Ops[i]
		if !f.Writes(op) || op.Returned == histories.Forever || len(s.points(op.Node, op.Invoked)) == 0 || !s.set.Is(op.Node, "stop-writes-on-bgsave-error", true, op.Invoked) {
			continue
		}
		refused := op.Outcome == histories.Fail && evidence.IsError(op.Error, "MISCONF")
		if !refused && !f.Changed(op) {
			continue
		}
		d := s.of(op.Node)
		failing, passing := d.state(s.r.Timelines[op.Node], op.Invoked-time.Millisecond, op.Returned+time.Millisecond)
		switch {
		case refused && !failing:
			s.q.Breach(op.Returned, op.Node, []int{i}, "refused %s because its last snapshot failed, and none had: %s", models.Describe(op), op.Error)
		case failing:
			s.q.Saw("writes with the last snapshot failed", 1)
			if !refused && !passing && s.r.Always(s.r.Timelines[op.Node], op.Invoked, op.Returned, checkers.IsMaster) {
				s.q.Breach(op.Returned, op.Node, []int{i}, "acknowledged %s, although its last snapshot failed", models.Describe(op))
			}
		}
	}
}

// state says whether at some moment of [from, to] the last snapshot of the process had failed, and whether at some it had
// not.
func (d *disk) state(t *checkers.Timeline, from, to time.Duration) (failing, passing bool) {
	if t == nil || t.Turned(from, to) {
		return true, true
	}
	born := time.Duration(0)
	if i := t.LifeAt(from); i >= 0 {
		born = t.Lives[i].From
	}
	ok := true
	for _, o := range d.over {
		switch {
		case o.at < born:
		case o.at <= from:
			ok = o.ok
		case o.at <= to:
			failing, passing = failing || !o.ok, passing || o.ok
		}
	}
	return failing || !ok, passing || ok
}
func (Snapshots) InSimulation() string {
	return "only the simulation sees what comes of the servers' disks"
}
