package redis_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/losses"
	"github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/corpus"
)

func TestAnUnknownNameIsToldWhatWasMeant(t *testing.T) {
	_, err := redis.ByName("lost-write")
	require.ErrorContains(t, err, "did you mean lost-writes?")
	_, err = redis.Run(&histories.History{}, "linearisable")
	require.ErrorContains(t, err, "did you mean linearizable?")
	_, err = redis.ByName("")
	require.ErrorContains(t, err, "there are linearizable, lost-writes")
}

func TestAnEmptyHistoryIsUnknownToEveryone(t *testing.T) {
	verdicts, err := redis.Run(&histories.History{})
	require.NoError(t, err)
	for _, v := range verdicts {
		require.Equal(t, checkers.Unknown, v.Result, v.String())
		require.NotEmpty(t, v.Why)
	}
}

// The same history always gets the same verdict, word for word: a report must not change from one look to the next.
func TestVerdictsDoNotDependOnChance(t *testing.T) {
	for _, name := range corpus.Names() {
		h, err := corpus.Open(name)
		require.NoError(t, err)
		first, err := redis.Run(h)
		require.NoError(t, err)
		for range 5 {
			again, err := redis.Run(h)
			require.NoError(t, err)
			require.Equal(t, first, again, name)
		}
	}
	h := busyRun()
	first := checkers.Judge(losses.LostWrites{}, checkers.NewRecord(h))
	for range 3 {
		require.Equal(t, first, checkers.Judge(losses.LostWrites{}, checkers.NewRecord(h)))
	}
}

func TestATotalLossIsNeverGreenUnlessItIsAccepted(t *testing.T) {
	h, err := corpus.Open("lost-writes-good-wipe")
	require.NoError(t, err)
	vs, err := redis.RunWithin(h, checkers.Limits{}, "lost-writes")
	require.NoError(t, err)
	require.Equal(t, checkers.Invalid, vs.Result())
	require.Contains(t, vs[1].Why, "everything that had been acknowledged was gone: 2 writes")
	vs, err = redis.RunWithin(h, checkers.Limits{TotalLoss: true}, "lost-writes")
	require.NoError(t, err)
	require.Equal(t, checkers.Valid, vs.Result())
}
