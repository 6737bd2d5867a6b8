package nemesis_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/nemesis"
)

func usual() nemesis.View {
	return nemesis.View{Servers: []string{"m1", "r1", "r2"}, Sentinels: []string{"s1", "s2", "s3"}, Clients: []string{"c1", "c2"},
		Master: "m1", Replicas: []string{"r1", "r2"}}
}

func resolve(t *testing.T, text string, view nemesis.View) (nemesis.Fault, error) {
	t.Helper()
	f, err := nemesis.Parse(text)
	require.NoError(t, err)
	return nemesis.Resolve(f, view, rand.New(rand.NewPCG(1, 2)))
}

func TestRolesAreWhoeverHasThemNow(t *testing.T) {
	after := usual()
	after.Master, after.Replicas, after.Down = "r2", []string{"r1"}, []string{"m1", "s2"}
	for _, c := range []struct {
		view       nemesis.View
		text, want string
	}{
		{usual(), "kill master", "kill m1"},
		{after, "kill master", "kill r2"},
		{after, "kill replica", "kill r1"},
		{usual(), "pause replicas", "pause r1 r2"},
		{usual(), "cut master | sentinels", "cut m1 | s1 s2 s3"},
		{usual(), "cut master -> replicas", "cut m1 -> r1 r2"},
		{usual(), "cut m1 | all", "cut m1 | r1 r2 s1 s2 s3 c1 c2"},
		{usual(), "cut clients | servers", "cut c1 c2 | m1 r1 r2"},
		{usual(), "cut servers | r1 s1", "cut m1 r2 | r1 s1"},
		{usual(), "cut servers m1 | s1", "cut r1 r2 m1 | s1"},
		{usual(), "latency all | m1 delay=5ms", "latency r1 r2 s1 s2 s3 c1 c2 | m1 delay=5ms"},
		{after, "restart servers", "restart m1"},
		{after, "restart all", "restart m1 s2"},
		{after, "kill sentinels", "kill s1 s3"},
		{after, "kill m1", "kill m1"},
		{usual(), "heal", "heal"},
	} {
		f, err := resolve(t, c.text, c.view)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, f.String())
	}
}

func TestRoleThatNobodyHasIsAnErrorThatSaysSo(t *testing.T) {
	nobody := usual()
	nobody.Master, nobody.Replicas = "", nil
	for text, want := range map[string]string{
		"kill master":            "kill master: master: nobody has this role now",
		"cut replica | master":   "cut replica | master: replica: nobody has this role now",
		"restart servers":        "restart servers: servers: whoever has this role is up",
		"resume sentinel":        "resume sentinel: sentinel: whoever has this role is not paused",
		"cut servers | m1 r1 r2": "cut servers | m1 r1 r2: servers: every machine of that role is named by another target",
	} {
		_, err := resolve(t, text, nobody)
		var nobody *nemesis.NobodyError
		require.ErrorAs(t, err, &nobody, text)
		require.EqualError(t, err, want)
	}
}

func TestNameOfNobodyIsAMistakeAndNotASkip(t *testing.T) {
	for text, want := range map[string]string{
		"kill m9":      `did you mean m1?`,
		"kill repilca": `did you mean replica?`,
		"kill x":       `machines are [m1 r1 r2 s1 s2 s3 c1 c2], roles [master replica replicas sentinel sentinels servers clients all spare it]`,
		"kill c1":      "c1 is a client: it belongs to the harness, only its links can be hurt",
		"kill clients": "clients belong to the harness, only their links can be hurt",
	} {
		_, err := resolve(t, text, usual())
		require.ErrorContains(t, err, want)
		var nobody *nemesis.NobodyError
		require.NotErrorAs(t, err, &nobody)
	}
}

func TestDrawsFollowTheStreamAndReachEveryone(t *testing.T) {
	f, err := nemesis.Parse("cut replica | sentinel")
	require.NoError(t, err)
	seen := map[string]bool{}
	a, b := rand.New(rand.NewPCG(7, 7)), rand.New(rand.NewPCG(7, 7))
	for range 100 {
		one, err := nemesis.Resolve(f, usual(), a)
		require.NoError(t, err)
		again, err := nemesis.Resolve(f, usual(), b)
		require.NoError(t, err)
		require.Equal(t, one, again)
		seen[one.String()] = true
	}
	require.Len(t, seen, 6)
}

func TestDrawnTwiceIsTwoDifferentMachines(t *testing.T) {
	f, err := nemesis.Parse("cut replica | replica")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		got, err := nemesis.Resolve(f, usual(), rand.New(rand.NewPCG(seed, 1)))
		require.NoError(t, err)
		require.NotEqual(t, got.A, got.B)
	})
}

func TestResolvedFaultsNameMachinesOnce(t *testing.T) {
	view := usual()
	machines := slices.Concat(view.Servers, view.Sentinels, view.Clients)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Concat(machines, nemesis.Roles())), 2, 5, rapid.ID).Draw(t, "names")
		at := rapid.IntRange(1, len(names)-1).Draw(t, "split")
		f := nemesis.Fault{Verb: nemesis.Cut, A: names[:at], B: names[at:]}
		got, err := nemesis.Resolve(f, view, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		if err != nil {
			return
		}
		require.NoError(t, got.Validate(), "%s became %s", f, got)
		for _, name := range got.Targets() {
			require.Contains(t, machines, name)
		}
	})
}
