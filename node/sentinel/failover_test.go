package sentinel

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// TestDocDrawsTheStates: the package's doc and the tables say the same.
func TestDocDrawsTheStates(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	drawn := map[string][]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if from, to, is := strings.Cut(strings.TrimPrefix(line, "//\t"), " -> "); is && strings.HasPrefix(line, "//\t") {
			drawn[strings.TrimSpace(from)] = strings.Split(to, ", ")
		}
	}
	is := map[string][]string{}
	for from, next := range failoverNext {
		for _, to := range next {
			is[failoverState(from).String()] = append(is[failoverState(from).String()], to.String())
		}
	}
	for from, next := range phaseNext {
		for _, to := range next {
			name := "start: " + phase(from).String()
			is[name] = append(is[name], to.String())
		}
	}
	for from, next := range reconfNext {
		for _, to := range next {
			name := "replica: " + reconf(from).String()
			is[name] = append(is[name], to.String())
		}
	}
	require.Equal(t, is, drawn)
}

// TestFailoverMovesByItsTableAlone: every other move breaks an invariant.
func TestFailoverMovesByItsTableAlone(t *testing.T) {
	for from, next := range failoverNext {
		for to := idle; to <= updateConfig; to++ {
			f := failover{state: failoverState(from), promoted: &instance{}}
			move := func() { f.enter(to, node.Instant(1)) }
			allowed := false
			for _, n := range next {
				allowed = allowed || n == to
			}
			if allowed {
				require.NotPanics(t, move)
				require.Equal(t, to, f.state)
			} else {
				require.Panics(t, move, "%v to %v", failoverState(from), to)
			}
		}
	}
}
