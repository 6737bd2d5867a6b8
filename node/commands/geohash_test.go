package commands

import (
	"cmp"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestTheRoughMeasureSaysWhatDistanceSays: of who is within a radius, and of who is nearer.
func TestTheRoughMeasureSaysWhatDistanceSays(t *testing.T) {
	draw := func(t *rapid.T, name string) place {
		return placeOf(float64(cellOf(place{rapid.Float64Range(-180, 180).Draw(t, name), rapid.Float64Range(-85, 85).Draw(t, name)},
			maxLatitude, geoSteps).bits()))
	}
	rapid.Check(t, func(t *rapid.T) {
		p, q := draw(t, "p"), draw(t, "q")
		if rapid.Bool().Draw(t, "close") {
			q = place{p.longitude + rapid.Float64Range(-1e-4, 1e-4).Draw(t, "east"), p.latitude + rapid.Float64Range(-1e-4, 1e-4).Draw(t, "north")}
		}
		m := distance(p, q)
		for _, radius := range []float64{0, m * 0.999, math.Nextafter(m, 0), m, math.Nextafter(m, math.Inf(1)), m * 1.001, 1e9} {
			c := circleAround(p, radius)
			_, within := c.measure(q)
			require.Equal(t, m <= radius, within, "%v m in a circle of %v m", m, radius)
		}
		nearest, other := circleAround(p, 1e9), draw(t, "other")
		query := radiusQuery{centre: p}
		near := func(at place) *nearby {
			score := float64(cellOf(at, maxLatitude, geoSteps).bits())
			measure, _ := nearest.measure(placeOf(score))
			return &nearby{score: score, measure: measure}
		}
		a, b := near(q), near(other)
		require.Equal(t, cmp.Compare(query.distance(a), query.distance(b)), query.compare(a, b))
	})
}

// TestPlacesSurviveTheirScores: a score stands for a place less than a metre from what it was made of.
func TestPlacesSurviveTheirScores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := place{rapid.Float64Range(-180, 180).Draw(t, "longitude"), rapid.Float64Range(-85.05112878, 85.05112878).Draw(t, "latitude")}
		c := cellOf(p, maxLatitude, geoSteps)
		require.Less(t, distance(p, placeOf(float64(c.bits()))), 1.0)
	})
	for _, score := range []float64{math.Inf(1), math.Inf(-1), -1, 1e300, 0.5, 1 << 60} {
		require.True(t, placeOf(score).valid(), "%v", score)
	}
}

// TestNoPlaceWithinTheRadiusIsOutsideTheCells: the nine cells have all there is, away from the poles.
func TestNoPlaceWithinTheRadiusIsOutsideTheCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := place{rapid.Float64Range(-180, 180).Draw(t, "longitude"), rapid.Float64Range(-60, 60).Draw(t, "latitude")}
		q := place{rapid.Float64Range(-180, 180).Draw(t, "longitude"), rapid.Float64Range(-60, 60).Draw(t, "latitude")}
		if rapid.Bool().Draw(t, "close") {
			q = place{p.longitude + rapid.Float64Range(-1, 1).Draw(t, "east"), p.latitude + rapid.Float64Range(-1, 1).Draw(t, "north")}
		}
		score := float64(cellOf(q, maxLatitude, geoSteps).bits())
		if m := distance(p, placeOf(score)); q.valid() && m < 2_000_000 {
			inside := false
			for _, c := range around(p, m*(1+1e-12)) {
				min, max := c.scores()
				inside = inside || min <= score && score < max
			}
			require.True(t, inside, "%v m from %v to %v", m, p, q)
		}
	})
}
