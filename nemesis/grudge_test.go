package nemesis_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/nemesis"
)

func cuts(g nemesis.Grudge, machines []string) (texts []string) {
	for _, f := range g.Cuts(machines) {
		texts = append(texts, f.String())
	}
	return texts
}

func TestGrudgesAsCuts(t *testing.T) {
	five := []string{"a", "b", "c", "d", "e"}
	require.Equal(t, []string{"cut a b | c d e"}, cuts(nemesis.HalvesGrudge(five), five))
	require.Equal(t, []string{"cut a b | d e"}, cuts(nemesis.BridgeGrudge(five), five))
	require.Equal(t, []string{"cut a b d e | c"}, cuts(nemesis.IsolationGrudge("c", five), five))
	require.Equal(t, []string{"cut a | b c d e", "cut b | c d e"},
		cuts(nemesis.Components([]string{"a"}, []string{"b"}, []string{"c", "d", "e"}), five))
	require.Equal(t, []string{"cut a | c d", "cut b | d e", "cut c | e"}, cuts(nemesis.MajoritiesRing(five), five))
	require.Empty(t, cuts(nemesis.HalvesGrudge(nil), nil))
	require.Empty(t, cuts(nemesis.MajoritiesRing([]string{"a"}), []string{"a"}))
}

func machines(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("n%d", i))
	}
	return names
}

func TestMajoritiesRingLetsEachHearAnotherMajority(t *testing.T) {
	for n := 3; n <= 9; n++ {
		all := machines(n)
		g := nemesis.MajoritiesRing(all)
		seen := map[string]string{}
		for _, m := range all {
			hears := ""
			count := 0
			for _, from := range all {
				if !g.Drops(from, m) {
					hears += from
					count++
				}
			}
			require.False(t, g.Drops(m, m))
			require.Equal(t, n/2+1, count, "%s of %d hears %s", m, n, hears)
			require.Empty(t, seen[hears], "%s and %s of %d hear the same", m, seen[hears], n)
			seen[hears] = m
		}
	}
}

func TestBridgeTalksToBothSides(t *testing.T) {
	for n := 2; n <= 9; n++ {
		all := machines(n)
		g := nemesis.BridgeGrudge(all)
		for _, m := range all {
			require.False(t, g.Drops(all[n/2], m) || g.Drops(m, all[n/2]))
		}
	}
}

// Whatever the grudge, its cuts drop exactly what it drops.
func TestCutsDropWhatTheGrudgeDrops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := machines(rapid.IntRange(1, 7).Draw(t, "n"))
		g := nemesis.Grudge{}
		for _, m := range all {
			for _, from := range all {
				if m != from && rapid.Bool().Draw(t, "drops") {
					g[m] = append(g[m], from)
				}
			}
		}
		dropped := nemesis.Grudge{}
		for _, f := range g.Cuts(all) {
			require.NoError(t, f.Validate())
			for _, a := range f.A {
				for _, b := range f.B {
					require.False(t, dropped.Drops(a, b), "once each")
					dropped[b] = append(dropped[b], a)
					if !f.OneWay {
						dropped[a] = append(dropped[a], b)
					}
				}
			}
		}
		for _, m := range all {
			require.ElementsMatch(t, g[m], dropped[m])
		}
	})
}
