package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/seed"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
)

// Run plays the scenario once: scenario → world → node ↔ nemesis → history → checkers. The error says why there is no
// run to judge; what the servers did wrong is in the result's verdicts.
func Run(ctx context.Context, s Scenario, opts Options) (*Result, error) {
	opts = opts.withDefaults()
	plan := s.Drawn(opts.Seed)
	plan.Limits = plan.Limits.With(opts.Limits)
	if !plan.Matrix.Empty() {
		return nil, fmt.Errorf("scenario %s has a matrix, which a single run cannot play: ordeal compare does", plan.Name)
	}
	if err := plan.Check(); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", plan.Name, err)
	}
	if err := errors.Join(opts.fits(plan), opts.branchesNeedTheSimulation(plan)); err != nil {
		return nil, err
	}
	r, err := open(ctx, plan, opts)
	if err != nil {
		return nil, err
	}
	defer r.close()

	if err := r.form(ctx); err != nil {
		if s.Make == nil || ctx.Err() != nil {
			return nil, err
		}
		r.broke = cmp.Or(r.broke, err) // what is drawn is well configured: the servers are to blame
	}
	r.hurt(ctx)
	r.settle(ctx)
	r.end(ctx)
	return r.judge()
}

// How long the steps of a run may take, virtual or real time.
const (
	formLimit  = time.Minute      // until every process answers and all know each other
	finalLimit = 30 * time.Second // for the last reads
	slice      = 20 * time.Millisecond
)

// run is a run under way.
type run struct {
	plan    Scenario
	opts    Options
	site    Site
	world   World
	nodes   []cluster.Machine
	callers []cluster.Machine
	record  record
	view    view
	nemesis *nemesisRun
	output  *output // where the run is kept, nil if nowhere
	began   time.Time
	formed  time.Duration // when the cluster had formed: the zero of the schedule
	broke   error         // what the world said when the run could not go on: a finding
	trace   string
	elapsed time.Duration // when it ended
	steps   uint64        // of the simulation

	branched uint64 // the seed of the way that the run is on
}

func open(ctx context.Context, plan Scenario, opts Options) (*run, error) {
	r := &run{plan: plan, opts: opts, began: time.Now(), branched: opts.Seed}
	var err error
	if r.site, err = opts.site(); err != nil {
		return nil, err
	}
	addr := r.site.Addressing()
	r.nodes = plan.System.Nodes(addr)
	r.callers = plan.System.Callers(Calling{Work: plan.Workload, Nodes: r.nodes, Addr: addr, For: plan.Duration, Watch: opts.watch(plan)})
	if err := opts.stand(r.callers, r.nodes); err != nil {
		r.close()
		return nil, err
	}
	if opts.Guests != nil {
		r.callers = append(r.callers, opts.Guests(r.nodes, addr, len(r.nodes)+len(r.callers)+1)...)
	}
	r.view = plan.view()
	if r.output, err = newOutput(opts, plan); err != nil {
		r.close()
		return nil, err
	}
	r.record = record{rec: histories.NewRecorder(opts.header(plan, r.machines()), r.output.historyWriter()), names: map[string]string{}, callers: map[string]string{}, laidOut: map[string]cluster.Settings{}, view: &r.view}
	r.record.rec.Expect(expected(plan, len(names(r.nodes, cluster.Server))))
	for _, m := range r.nodes {
		r.record.names[m.Addr()] = m.Name
		r.record.laidOut[m.Name] = m.Settings
	}
	for _, m := range r.machines() {
		r.record.callers[m.Host] = m.Name
	}
	r.record.triggers = newTriggers(r)
	r.nemesis = &nemesisRun{run: r, rng: seed.Stream(opts.Seed, "targets"), did: map[int]*result{}, triggers: r.record.triggers}
	if r.world, err = r.site.Open(ctx, r.machines(), &r.record); err != nil {
		r.world = nil
		r.close()
		return nil, fmt.Errorf("the %s world does not open: %w", opts.World, err)
	}
	return r, nil
}

// expected is about how many operations and notes the history will have: what the clients begin, each server's word of
// its offset every 100 ms, and half as many other notes. A plan may ask for more than will ever happen, so there is a limit.
func expected(plan Scenario, servers int) (ops, notes int) {
	const most = 1 << 18
	seconds := int(plan.Duration / time.Second)
	if plan.Workload.Ops == "" {
		ops = plan.Workload.Clients * plan.Workload.Rate * seconds
	}
	notes = 15 * servers * (seconds + 10)
	return min(ops+ops/32, most), min(notes, most)
}

func (r *run) machines() []cluster.Machine {
	return append(r.nodes[:len(r.nodes):len(r.nodes)], r.callers...)
}

// form starts the nodes, wave after wave, and waits until the cluster is one.
func (r *run) form(ctx context.Context) error {
	first := []string{r.callers[0].Name} // the observer
	for _, wave := range r.plan.System.Waves() {
		if err := r.world.Start(ctx, append(present(r.nodes, wave.Kind), first...)...); err != nil {
			return err
		}
		first = nil
		if err := r.reach(ctx, wave.Stage, formLimit); err != nil {
			return err
		}
	}
	r.formed = r.world.Elapsed()
	return nil
}

// hurt lets the clients work and the nemesis do what the schedule says, then ends every fault.
func (r *run) hurt(ctx context.Context) {
	if r.broke != nil {
		return
	}
	if err := r.world.Start(ctx, names(r.callers, cluster.Client)...); err != nil {
		r.broke = err
		return
	}
	r.nemesis.plan(r.plan.Faults)
	for _, b := range r.plan.Branches {
		r.nemesis.add(action{at: b.At, do: takeBranch, branch: b.Seed})
	}
	for {
		until, more := r.nemesis.nextAt(r.plan.Duration)
		if !r.advance(ctx, r.formed+until) {
			return
		}
		switch {
		case r.nemesis.react(): // perhaps before that time, and perhaps there is something to do earlier now
		case more:
			r.nemesis.act(ctx, r.nemesis.next())
		default:
			r.nemesis.waitNoMore()
			r.nemesis.healAll(ctx)
			return
		}
	}
}

// settle waits until the cluster is one again and its last data has been read. That it does not get there is for the
// checkers to judge.
func (r *run) settle(ctx context.Context) {
	if r.broke != nil || ctx.Err() != nil {
		return
	}
	if r.reach(ctx, workload.StageSettled, r.plan.Settle) != nil {
		return
	}
	for limit := r.world.Elapsed() + finalLimit; !r.record.reached(workload.StageFinal) && r.world.Elapsed() < limit; {
		if !r.advance(ctx, r.world.Elapsed()+slice) {
			return
		}
	}
}

// reach waits until the observer has seen the cluster at stage.
func (r *run) reach(ctx context.Context, stage string, limit time.Duration) error {
	if err := r.world.Tell(r.callers[0].Name, stage); err != nil {
		return err
	}
	for end := r.world.Elapsed() + limit; !r.record.reached(stage); {
		if r.world.Elapsed() >= end {
			return fmt.Errorf("the cluster is not %s after %v%s%s", stage, limit, r.waits(ctx), r.lastWords())
		}
		if !r.advance(ctx, r.world.Elapsed()+slice) {
			if r.broke != nil {
				return r.broke
			}
			return ctx.Err()
		}
		r.opts.progress(r)
	}
	return nil
}

// advance lets the world go on until the moment until, or until something happens that a step of the schedule has waited
// for, and says whether the run can go on after that.
func (r *run) advance(ctx context.Context, until time.Duration) bool {
	for r.broke == nil && ctx.Err() == nil && r.world.Elapsed() < until && !r.nemesis.called() {
		next := min(until, r.world.Elapsed()+time.Second)
		if err := r.world.Advance(ctx, next); err != nil && ctx.Err() == nil {
			r.broke = err
		}
		r.opts.progress(r)
	}
	return r.broke == nil && ctx.Err() == nil
}

// end closes the world and the history. A run that was interrupted keeps the history so far, without a footer.
func (r *run) end(ctx context.Context) {
	elapsed := r.world.Elapsed()
	r.elapsed = elapsed
	r.nemesis.sumUp()
	if r.broke != nil {
		r.record.rec.Note(histories.Note{Time: elapsed, Machine: "world", Kind: "broken", Text: r.broke.Error()})
	}
	trace, err := r.world.Close()
	if w, ok := r.world.(*sim.World); ok {
		r.steps = w.Steps()
	}
	r.world = nil
	if err != nil && r.broke == nil {
		r.broke = err
	}
	r.trace = trace
	if ctx.Err() != nil {
		err = r.record.rec.Interrupt(elapsed)
	} else {
		err = r.record.rec.Finish(histories.Footer{End: elapsed, Trace: trace})
	}
	if err != nil && r.broke == nil {
		r.broke = err
	}
}

// close gives back what an abandoned run still holds.
func (r *run) close() {
	if r.world != nil {
		r.world.Close()
	}
	r.output.close()
	if r.site != nil {
		r.site.Leave()
	}
}

// judge lets the checkers read the history.
func (r *run) judge() (*Result, error) {
	h := r.record.rec.History()
	judging := time.Now()
	verdicts, err := checkers.Set(r.plan.System.Checkers()).RunWithin(h, r.plan.Limits, r.plan.Checks...)
	if err != nil {
		return nil, err
	}
	if r.broke != nil {
		verdicts = append(verdicts, checkers.Verdict{Checker: "run", Result: checkers.Invalid, Why: r.broke.Error()})
	}
	res := &Result{Plan: r.plan, Seed: r.opts.Seed, World: r.opts.World, History: h, Verdicts: verdicts, Trace: r.trace, Steps: r.steps,
		Formed: r.formed, Elapsed: r.elapsed, Took: time.Since(r.began), Judging: time.Since(judging), NotDone: h.NotDone(), Stalls: stallsOf(h, r.plan), Watching: watchingOf(h, r.plan),
		Dir: r.opts.Out, Replay: r.opts.replay(r.plan)}
	return res, r.output.finish(res)
}

// waits is who waits for what from whom, as the observer sees it.
func (r *run) waits(ctx context.Context) (text string) {
	before := len(r.record.rec.History().Notes)
	if r.world.Tell(r.callers[0].Name, workload.Explain) != nil || !r.advance(ctx, r.world.Elapsed()+slice) {
		return ""
	}
	for _, n := range r.record.rec.History().Notes[before:] {
		if n.Kind == string(workload.NoteWaiting) {
			text += "\n  " + n.Text
		}
	}
	return text
}

// lastWords is the end of the history's log lines, for an error about a cluster that does not come up.
func (r *run) lastWords() string {
	logs := r.record.rec.History().Logs
	text := ""
	for _, l := range logs[max(0, len(logs)-5):] {
		text += fmt.Sprintf("\n    %s: %s", l.Machine, l.Text)
	}
	return text
}

// present are the machines of a kind that are there from the beginning.
func present(machines []cluster.Machine, kind cluster.Kind) []string {
	return names(slices.DeleteFunc(slices.Clone(machines), func(m cluster.Machine) bool { return m.Spare }), kind)
}

func names(machines []cluster.Machine, kind cluster.Kind) []string {
	var out []string
	for _, m := range machines {
		if m.Kind == kind {
			out = append(out, m.Name)
		}
	}
	return out
}

var _ cluster.Sink = (*record)(nil)
