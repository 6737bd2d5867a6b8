package nemesis_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/nemesis"
)

func TestFaultsReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]nemesis.Fault{
		"cut m1 | s1 s2 s3":                      {Verb: nemesis.Cut, A: []string{"m1"}, B: []string{"s1", "s2", "s3"}},
		"cut m1 -> r1 r2":                        {Verb: nemesis.Cut, A: []string{"m1"}, B: []string{"r1", "r2"}, OneWay: true},
		"latency m1 | r1 delay=50ms jitter=10ms": {Verb: nemesis.Latency, A: []string{"m1"}, B: []string{"r1"}, Args: []nemesis.Arg{{"delay", "50ms"}, {"jitter", "10ms"}}},
		"kill master":                            {Verb: nemesis.Kill, A: []string{"master"}},
		"restart m1":                             {Verb: nemesis.Restart, A: []string{"m1"}},
		"pause r2":                               {Verb: nemesis.Pause, A: []string{"r2"}},
		"resume r2":                              {Verb: nemesis.Resume, A: []string{"r2"}},
		"heal":                                   {Verb: nemesis.Heal},
		"cut replica | replica":                  {Verb: nemesis.Cut, A: []string{"replica"}, B: []string{"replica"}},
	} {
		got, err := nemesis.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
		require.Equal(t, text, got.String())
	}
}

func TestSpacingDoesNotMatter(t *testing.T) {
	for spelled, canonical := range map[string]string{
		" cut  m1|s1\ts2 ":   "cut m1 | s1 s2",
		"cut m1->r1":         "cut m1 -> r1",
		"cut my-node->r1.eu": "cut my-node -> r1.eu",
		"heal\r":             "heal",
	} {
		f, err := nemesis.Parse(spelled)
		require.NoError(t, err)
		require.Equal(t, canonical, f.String())
	}
}

func TestDurationsPrintShort(t *testing.T) {
	for at, want := range map[time.Duration]string{
		0: "at 0s heal", 10 * time.Second: "at 10s heal", time.Minute: "at 1m heal", 90 * time.Second: "at 1m30s heal",
		time.Hour: "at 1h heal", 1500 * time.Millisecond: "at 1.5s heal", 20 * time.Minute: "at 20m heal",
	} {
		require.Equal(t, want, nemesis.Step{At: at, Fault: nemesis.Fault{Verb: nemesis.Heal}}.String())
	}
}

const some = `cut, latency, kill, pause, heal or another of the 44 that "ordeal list" names`

func TestBadSpellingsSayWhereWhatAndWhatInstead(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "column 1: found the end, expected a fault: " + some,
		"cutt m1 | r1":                        `column 1: unknown fault "cutt": did you mean cut?`,
		"partition m1 | r1":                   `column 1: unknown fault "partition": did you mean cut?`,
		"Kill m1":                             `column 1: unknown fault "Kill": did you mean kill?`,
		"explode m1":                          `column 1: unknown fault "explode": expected ` + some,
		"cut":                                 "column 4: found the end, expected machines or roles after cut: m1, master, replicas",
		"cut m1":                              "column 7: found the end, expected | (both ways) or -> (one way) and the other side",
		"cut m1 |":                            "column 9: found the end, expected machines or roles after |: m1, master, replicas",
		"cut | m1":                            `column 5: found "|", expected machines or roles after cut: m1, master, replicas`,
		"cut m1 | r1 | r2":                    `column 13: found "|", expected the end`,
		"cut m1 | m1":                         "column 12: m1 is on both sides: a machine has no link to itself",
		"cut m1 r1 m1 | s1":                   "column 11: m1 is named twice",
		"cut m1 > r1":                         `column 8: found ">", expected | (both ways) or -> (one way) and the other side`,
		"cut m1 | r1 delay=5ms":               `column 13: found "delay=5ms": cut has no attributes`,
		"cut 10.0.0.1 | r1":                   `column 5: found "10.0.0.1", expected the name of a machine or a role: letters, digits, - _ .`,
		"latency m1 | r1":                     "column 16: found the end, expected delay=50ms: latency cannot do without it",
		"latency m1 | r1 delai=5ms":           `column 17: found "delai=5ms": did you mean delay=?`,
		"latency m1 | r1 delay=5":             `column 23: found "5", expected a duration after delay=: 50ms, 1.5s`,
		"latency m1 | r1 delay=-5ms":          `column 23: found "-5ms", expected a duration after delay=: 50ms, 1.5s`,
		"latency m1 | r1 delay=1s bw=3":       `column 26: found "bw=3": latency has delay=, jitter=, latency=, toxicity= and stream=`,
		"latency a | b delay=1s delay=2s":     "column 24: delay is given twice",
		"kill":                                "column 5: found the end, expected machines or roles after kill: m1, master, replicas",
		"kill m1 | r1":                        `column 9: found "|", expected the end`,
		"latency a | b latency=50 delay=1s":   `column 26: delay= is the link's own and does not go with latency=: toxiproxy's toxic has latency= in ms`,
		"latency a | b delay=1s stream=up":    `column 31: found "up", expected upstream or downstream after stream=`,
		"bandwidth a -> b":                    "column 17: found the end, expected rate=100: bandwidth cannot do without it",
		"slicer a -> b average_size=0":        `column 28: found "0", expected a whole number from 1 after average_size=: 5`,
		"timeout a -> b timeout=1 toxicity=2": `column 35: found "2", expected a share after toxicity=: 0.5, 50%`,
		"flap a | b period=1s duty=110%":      `column 27: found "110%", expected a share after duty=: 0.5, 50%`,
		"slow-cpu m1 factor=0.5":              `column 20: found "0.5", expected a number from 1 after factor=: 10, 2.5`,
		"clock-drift m1 ppm=x":                `column 20: found "x", expected a whole number after ppm=: 500, -500`,
		"heal m1":                             `column 6: found "m1", expected the end`,
		"kill m1 for 5s":                      `column 9: found "for" after the fault: how long it lasts belongs to a step, "at 2s kill m1 for 5s"`,
	} {
		_, err := nemesis.Parse(text)
		require.EqualError(t, err, want, text)
	}
}

func TestBadStepsSayWhereWhatAndWhatInstead(t *testing.T) {
	for text, want := range map[string]string{
		"cut m1 | r1":              `column 1: found "cut", expected "at" and a time, as in "at 2s cut m1 | r1", or "when" and what to wait for`,
		"at":                       `column 3: found the end, expected a duration after "at": 2s, 500ms, 1m30s`,
		"at noon heal":             `column 4: found "noon", expected a duration after "at": 2s, 500ms, 1m30s`,
		"at -2s heal":              `column 4: found "-2s", expected a duration after "at": 2s, 500ms, 1m30s`,
		"at 2s":                    "column 6: found the end, expected a fault: " + some,
		"at 2s kill m1 for":        `column 18: found the end, expected a duration after "for": 2s, 500ms, 1m30s`,
		"at 2s kill m1 for 0s":     `column 19: found "0s", expected how long the fault lasts, more than 0`,
		"at 2s kill m1 for 1s 2s":  `column 22: found "2s", expected the end`,
		"at 2s heal for 5s":        `column 12: found "for", expected the end: heal does not last`,
		"at 2s restart m1 for 5s":  `column 18: found "for", expected the end: restart does not last`,
		"at 2s cut m1 -> for 5s":   `column 17: found "for", expected machines or roles after ->: m1, master, replicas`,
		"at 2s kill m1 during 10s": `column 22: found "10s", expected the name of a machine or a role: letters, digits, - _ .`,
	} {
		_, err := nemesis.ParseStep(text)
		require.EqualError(t, err, want, text)
	}
}

func TestStepsWaitForWhatIsWritten(t *testing.T) {
	kill := nemesis.Fault{Verb: nemesis.Kill, A: []string{"m1"}}
	for text, want := range map[string]nemesis.Step{
		"when failover-started kill m1":       {When: []nemesis.Trigger{{Event: "failover-started"}}, Fault: kill},
		"when s1 votes +200ms kill m1 for 5s": {When: []nemesis.Trigger{{Event: "votes", Of: "s1", Later: 200 * time.Millisecond}}, Fault: kill, For: 5 * time.Second},
		"after 500 writes kill m1":            {When: []nemesis.Trigger{{Ops: "writes", Count: 500}}, Fault: kill},
		"at write 56 of m1's disk kill m1":    {When: []nemesis.Trigger{{Disk: nemesis.DiskWrite, Of: "m1", Count: 56}}, Fault: kill},
		"at 2s then after 3 transfer kill m1": {At: 2 * time.Second, When: []nemesis.Trigger{{Ops: "transfer", Count: 3}}, Fault: kill},
		"when votes then at sync 1 of r-1's disk +1s kill m1": {When: []nemesis.Trigger{{Event: "votes"},
			{Disk: nemesis.DiskSync, Of: "r-1", Count: 1, Later: time.Second}}, Fault: kill},
	} {
		got, err := nemesis.ParseStep(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
		require.Equal(t, text, got.String())
	}
}

func TestBadTriggersSayWhereWhatAndWhatInstead(t *testing.T) {
	for text, want := range map[string]string{
		"when":                                `column 5: found the end, expected what to wait for after "when": a goal, an event, or a machine and its event`,
		"when kill m1":                        `column 6: found "kill", expected what to wait for before the fault: "when EVENT kill …"`,
		"when failover-started kil m1":        `column 23: unknown fault "kil": did you mean kill?`,
		"when s1 votes kil m1":                `column 15: unknown fault "kil": did you mean kill?`,
		"when s1 votes":                       `column 9: unknown fault "votes": expected ` + some,
		"when votes +0s kill m1":              `column 12: found "+0s", expected how long after that, more than 0: +200ms, +1.5s`,
		"when votes +soon kill m1":            `column 12: found "+soon", expected how long after that, more than 0: +200ms, +1.5s`,
		"when then kill m1":                   `column 6: found "then", expected what to wait for after "when": a goal, an event, or a machine and its event`,
		"when votes then kill m1":             `column 17: found "kill", expected what to wait for next: "when", "after" or "at write"`,
		"at 2s then kill m1":                  `column 12: found "kill", expected what to wait for next: "when", "after" or "at write"`,
		"after many writes kill m1":           `column 7: found "many", expected a whole number from 1 after "after": 500 writes`,
		"after 0 writes kill m1":              `column 7: found "0", expected a whole number from 1 after "after": 500 writes`,
		"after 5 kill m1":                     `column 9: found "kill", expected what to count: writes, reads, operations or the name of what clients do`,
		"at write of m1's disk kill m1":       `column 10: found "of", expected a whole number from 1 after "write": 56 of m1's disk`,
		"at write 3 m1's disk kill m1":        `column 12: found "m1's", expected "of" and whose disk: at write 3 of m1's disk`,
		"at write 3 of m1 disk kill m1":       `column 15: found "m1", expected whose disk: m1's disk`,
		"at write 3 of m1's file kill m1":     `column 20: found "file", expected "disk" after m1's`,
		"at write 3 of m1's disk heal for 1s": `column 30: found "for", expected the end: heal does not last`,
	} {
		_, err := nemesis.ParseStep(text)
		require.EqualError(t, err, want, text)
	}
}

func TestScheduleHasCommentsAndKeepsTheOrderOfTime(t *testing.T) {
	s, err := nemesis.ParseSchedule("# the old master is cut off\nat 2s cut m1 | s1 s2 s3\n\nat 2.5s pause r2 # and one replica sleeps\r\nat 14s heal")
	require.NoError(t, err)
	require.Equal(t, "at 2s cut m1 | s1 s2 s3\nat 2.5s pause r2\nat 14s heal\n", s.String())

	_, err = nemesis.ParseSchedule("at 2s heal\n\nat 1s kill m1")
	require.EqualError(t, err, "line 3, column 1: at 1s comes after at 2s: put the steps in order of time")
	s, err = nemesis.ParseSchedule("at 2s heal\nat 1s then when votes kill m1\nwhen votes heal\nat 2s heal")
	require.NoError(t, err, "who waits may stand anywhere")
	require.Len(t, s, 4)
	_, err = nemesis.ParseSchedule("at 2s heal\nat 3s cut m1 r1")
	require.EqualError(t, err, "line 2, column 16: found the end, expected | (both ways) or -> (one way) and the other side")
}

func TestFaultsBuiltInGoAreHeldToTheSameGrammar(t *testing.T) {
	require.NoError(t, nemesis.Fault{Verb: nemesis.Kill, A: []string{"m1"}}.Validate())
	for _, f := range []nemesis.Fault{
		{}, {Verb: "melt", A: []string{"m1"}}, {Verb: nemesis.Kill}, {Verb: nemesis.Cut, A: []string{"m1"}},
		{Verb: nemesis.Kill, A: []string{"m1 r1"}}, {Verb: nemesis.Kill, A: []string{"for"}},
		{Verb: nemesis.Kill, A: []string{"m1"}, OneWay: true}, {Verb: nemesis.Heal, A: []string{"m1"}},
	} {
		require.Error(t, f.Validate(), "%#v", f)
		_, err := f.MarshalText()
		require.Error(t, err)
	}
}

func TestStepsTravelAsTextInJSON(t *testing.T) {
	var s nemesis.Schedule
	require.NoError(t, json.Unmarshal([]byte(`["at 2s kill master for 5s", "at 9s heal"]`), &s))
	out, err := json.Marshal(s)
	require.NoError(t, err)
	require.JSONEq(t, `["at 2s kill master for 5s", "at 9s heal"]`, string(out))
	require.ErrorContains(t, json.Unmarshal([]byte(`["at 2s killl master"]`), &s), "did you mean kill?")
}

// name draws what may be a machine's name, roles among them.
var name = rapid.OneOf(rapid.SampledFrom(nemesis.Roles()), rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9_.-]{0,6}`).
	Filter(func(s string) bool { return s != "for" }))

func drawFault(t *rapid.T) nemesis.Fault {
	f := nemesis.Fault{Verb: rapid.SampledFrom(language.Verbs()).Draw(t, "verb")}
	shape := nemesis.ShapeOf(language, f.Verb)
	names := rapid.SliceOfNDistinct(name, 2, 6, rapid.ID).Draw(t, "names")
	switch {
	case shape.Arrow:
		f.A, f.B, f.OneWay = names[1:], names[:1], true
	case shape.Sides == 2:
		at := rapid.IntRange(1, len(names)-1).Draw(t, "split")
		f.A, f.B = names[:at], names[at:]
		f.OneWay = rapid.Bool().Draw(t, "one way")
	case shape.Sides == 1:
		f.A = names
	}
	for _, a := range shape.Args {
		if a.Needed || rapid.Bool().Draw(t, a.Name+"?") {
			f.Args = append(f.Args, nemesis.Arg{Name: a.Name, Value: rapid.SampledFrom(a.Values).Draw(t, a.Name)})
		}
	}
	return f
}

var duration = rapid.Map(rapid.Int64Range(0, int64(2*time.Hour)), func(n int64) time.Duration {
	if n%3 == 0 {
		return time.Duration(n).Round(time.Second)
	}
	return time.Duration(n)
})

// event draws what may be the name of a machine, an event or a goal.
var event = rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9_.-]{0,9}`).Filter(func(s string) bool {
	return s != "for" && s != "then" && !slices.Contains(language.Verbs(), nemesis.Verb(s))
})

func drawTrigger(t *rapid.T) nemesis.Trigger {
	count := rapid.IntRange(1, 1000)
	trigger := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) nemesis.Trigger { return nemesis.Trigger{Event: event.Draw(t, "event")} }),
		rapid.Custom(func(t *rapid.T) nemesis.Trigger {
			return nemesis.Trigger{Event: event.Draw(t, "event"), Of: event.Draw(t, "machine")}
		}),
		rapid.Custom(func(t *rapid.T) nemesis.Trigger {
			return nemesis.Trigger{Ops: event.Draw(t, "function"), Count: count.Draw(t, "count")}
		}),
		rapid.Custom(func(t *rapid.T) nemesis.Trigger {
			return nemesis.Trigger{Disk: rapid.SampledFrom(nemesis.DiskOps()).Draw(t, "disk"), Of: event.Draw(t, "machine"), Count: count.Draw(t, "count")}
		})).Draw(t, "trigger")
	if rapid.Bool().Draw(t, "later?") {
		trigger.Later = duration.Draw(t, "later")
	}
	return trigger
}

func TestWhatPrintsParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s nemesis.Schedule
		var at time.Duration
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			at += duration.Draw(t, "later")
			step := nemesis.Step{At: at, Fault: drawFault(t)}
			if rapid.Bool().Draw(t, "waits") {
				step.When = rapid.SliceOfN(rapid.Custom(drawTrigger), 1, 3).Draw(t, "when")
			}
			if language.Lasts(step.Fault) {
				step.For = duration.Draw(t, "for")
			}
			s = append(s, step)
		}
		again, err := language.ParseSchedule(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

func FuzzParseSchedule(f *testing.F) {
	for _, text := range []string{"at 2s cut m1 | s1 s2 s3", "at 3s cut m1 -> r1 r2 for 5s", "at 3s latency m1 | r1 delay=50ms jitter=10ms",
		"at 4s kill master\n# x\nat 9s restart m1", "at 1h heal", "at 1s cut a->b", "at 9999999h heal", "at 1s cut \xff|é",
		"when failover-started kill m1\nwhen s1 votes +20ms heal", "at 1s then after 3 writes then at write 5 of m1's disk kill it for 3s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := nemesis.ParseSchedule(text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		again, err := nemesis.ParseSchedule(s.String())
		require.NoError(t, err, "it parsed once")
		require.Equal(t, s, again)
	})
}
