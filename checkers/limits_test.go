package checkers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
)

func TestLimitsAreHeldAgainstFigures(t *testing.T) {
	ten, share, outage := 10, 0.01, 5*time.Second
	figures := func(lost, lostMax, shareMax, outage float64) checkers.Verdicts {
		return checkers.Verdicts{{Checker: "lost-writes", Result: checkers.Valid, Figures: map[string]float64{"lost_min": lost, "lost_max": lostMax, "lost_share_max": shareMax}},
			{Checker: "availability", Result: checkers.Valid, Figures: map[string]float64{"outage_s": outage}}}
	}
	for _, c := range []struct {
		why    string
		limits checkers.Limits
		vs     checkers.Verdicts
		want   checkers.Result
		says   string
	}{
		{"within", checkers.Limits{Lost: &ten}, figures(10, 10, 1, 60), checkers.Valid, ""},
		{"one too many", checkers.Limits{Lost: &ten}, figures(11, 11, 1, 60), checkers.Invalid, "11 acknowledged writes lost, and at most 10"},
		{"of a range, the larger end counts", checkers.Limits{Lost: &ten}, figures(9, 11, 1, 60), checkers.Invalid, "11 acknowledged"},
		{"a share", checkers.Limits{LostShare: &share}, figures(0, 0, 0.28, 0), checkers.Invalid, "28.00 %"},
		{"an outage", checkers.Limits{Outage: &outage}, figures(0, 0, 0, 5.5), checkers.Invalid, "5.50 s in all without a master"},
		{"nobody measured", checkers.Limits{Outage: &outage}, figures(0, 0, 0, 0)[:1], checkers.Unknown, "run the checkers"},
	} {
		v, ok := c.limits.Judge(c.vs)
		require.True(t, ok, c.why)
		require.Equal(t, c.want, v.Result, c.why)
		require.Contains(t, v.Why, c.says, c.why)
	}
	_, ok := checkers.Limits{}.Judge(figures(500, 500, 1, 60))
	require.False(t, ok, "nothing was asked")
}
