//lint:file-ignore SA1019 the commands that Redis 4.0 has are those that go-redis calls deprecated

package server_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// typed are calls of go-redis's methods for hashes, sorted sets, HyperLogLogs and places, and for keys that hold them.
var typed = []func(context.Context, *redis.Client) redis.Cmder{
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.HSet(ctx, "h", "a", 1, "b", "two", "c", 3.5)
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.HMSet(ctx, "h", map[string]any{"d": 4})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HSetNX(ctx, "h", "a", "other") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HSetNX(ctx, "h", "e", "new") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HGet(ctx, "h", "b") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HGet(ctx, "h", "nosuch") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HMGet(ctx, "h", "a", "nosuch", "c") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HGetAll(ctx, "h") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HKeys(ctx, "h") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HVals(ctx, "h") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HLen(ctx, "h") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HStrLen(ctx, "h", "b") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HExists(ctx, "h", "b") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HIncrBy(ctx, "h", "a", 41) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HIncrByFloat(ctx, "h", "c", 0.1) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HIncrBy(ctx, "h", "b", 1) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HScan(ctx, "h", 0, "[ab]", 100) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HDel(ctx, "h", "a", "b", "nosuch") },

	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "one"}, redis.Z{Score: 2.5, Member: "two"}, redis.Z{Score: math.Inf(1), Member: "last"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZAddNX(ctx, "z", redis.Z{Score: 7, Member: "one"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZAddXX(ctx, "z", redis.Z{Score: 7, Member: "new"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZAddArgs(ctx, "z", redis.ZAddArgs{Ch: true, Members: []redis.Z{{Score: 3, Member: "two"}, {Score: 4, Member: "four"}}})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZAddArgsIncr(ctx, "z", redis.ZAddArgs{Members: []redis.Z{{Score: 0.1, Member: "one"}}})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZIncrBy(ctx, "z", 0.2, "one") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZCard(ctx, "z") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZScore(ctx, "z", "one") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZScore(ctx, "z", "nosuch") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRank(ctx, "z", "two") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRevRank(ctx, "z", "two") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZCount(ctx, "z", "(1", "+inf") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRange(ctx, "z", 0, -1) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRangeWithScores(ctx, "z", 0, -2) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRevRange(ctx, "z", 0, 1) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRevRangeWithScores(ctx, "z", 1, 1) },
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZRangeByScore(ctx, "z", &redis.ZRangeBy{Min: "-inf", Max: "(4", Offset: 1, Count: 5})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZRevRangeByScoreWithScores(ctx, "z", &redis.ZRangeBy{Min: "-inf", Max: "4"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZScan(ctx, "z", 0, "*o*", 100) },
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZUnionStore(ctx, "u", &redis.ZStore{Keys: []string{"z", "y"}, Weights: []float64{2, 1}, Aggregate: "MAX"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZInterStore(ctx, "i", &redis.ZStore{Keys: []string{"z", "u"}})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRangeWithScores(ctx, "i", 0, -1) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRemRangeByRank(ctx, "i", 0, 0) },
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZRemRangeByScore(ctx, "i", "-inf", "5")
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRem(ctx, "z", "one", "nosuch") },
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZAdd(ctx, "l", redis.Z{Member: "a"}, redis.Z{Member: "b"}, redis.Z{Member: "c"}, redis.Z{Member: "d"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZLexCount(ctx, "l", "[b", "+") },
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZRangeByLex(ctx, "l", &redis.ZRangeBy{Min: "(a", Max: "[c"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.ZRevRangeByLex(ctx, "l", &redis.ZRangeBy{Min: "-", Max: "+", Offset: 1, Count: 2})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRemRangeByLex(ctx, "l", "[a", "(c") },

	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.PFAdd(ctx, "p", "a", "b", "c") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.PFAdd(ctx, "p", "a") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.PFAdd(ctx, "q", "c", "d") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.PFCount(ctx, "p") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.PFCount(ctx, "p", "q", "none") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.PFMerge(ctx, "m", "p", "q") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.PFCount(ctx, "m") },

	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.GeoAdd(ctx, "g", &redis.GeoLocation{Name: "Palermo", Longitude: 13.361389, Latitude: 38.115556},
			&redis.GeoLocation{Name: "Catania", Longitude: 15.087269, Latitude: 37.502669})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.GeoDist(ctx, "g", "Palermo", "Catania", "km")
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.GeoHash(ctx, "g", "Palermo", "nosuch")
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.GeoRadius(ctx, "g", 15, 37, &redis.GeoRadiusQuery{Radius: 200, Unit: "km", WithCoord: true, WithDist: true, WithGeoHash: true, Sort: "ASC"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.GeoRadiusByMember(ctx, "g", "Catania", &redis.GeoRadiusQuery{Radius: 200, Unit: "km", Count: 1})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.GeoRadiusStore(ctx, "g", 15, 37, &redis.GeoRadiusQuery{Radius: 200, Unit: "km", Store: "near"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.GeoRadiusByMemberStore(ctx, "g", "Palermo", &redis.GeoRadiusQuery{Radius: 200, Unit: "mi", StoreDist: "far"})
	},
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZRangeWithScores(ctx, "far", 0, -1) },

	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.Type(ctx, "h") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.Type(ctx, "z") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.Type(ctx, "p") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.HGetAll(ctx, "z") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.ZCard(ctx, "h") },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.Expire(ctx, "z", time.Hour) },
	func(ctx context.Context, c *redis.Client) redis.Cmder { return c.Rename(ctx, "z", "zz") },
	func(ctx context.Context, c *redis.Client) redis.Cmder {
		return c.Exists(ctx, "h", "z", "zz", "i", "g", "near")
	},
}

// TestTypedMethodsOfAClientGetWhatRedisAnswers: what go-redis makes of our replies it makes of a real server's.
func TestTypedMethodsOfAClientGetWhatRedisAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	our, real := ours(t), theirs(t)
	eventually(t, "both answer", func() bool { return our.Ping(ctx).Err() == nil && real.Ping(ctx).Err() == nil })
	for _, call := range typed {
		require.Equal(t, call(ctx, real.Client).String(), call(ctx, our.Client).String())
	}
	for _, place := range []string{"Palermo", "Catania", "nosuch"} { // whose String prints addresses
		require.Equal(t, real.GeoPos(ctx, "g", place).Val(), our.GeoPos(ctx, "g", place).Val())
	}
	require.Equal(t, real.digest(ctx), our.digest(ctx))
}

// TestDumpsOfAllTypesAreRestored: what DUMP gives, RESTORE takes, here and in a real server; ours of a real server's
// too; and MEMORY USAGE says something of each.
func TestDumpsOfAllTypesAreRestored(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	our, real := ours(t), theirs(t)
	eventually(t, "both answer", func() bool { return our.Ping(ctx).Err() == nil && real.Ping(ctx).Err() == nil })
	for _, p := range []*peer{our, real} {
		_, err := p.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			fillFields(ctx, pipe, 1)
			return nil
		})
		require.NoError(t, err)
	}
	keys := our.Keys(ctx, "*").Val()
	require.Greater(t, len(keys), 15)
	for _, key := range keys {
		require.Greater(t, our.MemoryUsage(ctx, key).Val(), int64(0), key)
		for _, way := range []struct{ from, to *peer }{{our, our}, {our, real}, {real, our}} {
			copied := fmt.Sprint("copy of ", key)
			require.NoError(t, way.to.RestoreReplace(ctx, copied, 0, way.from.Dump(ctx, key).Val()).Err(), key)
			require.NoError(t, way.to.RenameNX(ctx, copied, fmt.Sprint(copied, " from ", way.from == our)).Err())
		}
	}
	require.Equal(t, real.Del(ctx, keys...).Val(), our.Del(ctx, keys...).Val())
	for _, key := range keys {
		require.NoError(t, our.Del(ctx, fmt.Sprintf("copy of %s from false", key)).Err())
	}
	require.Equal(t, real.digest(ctx), our.digest(ctx))
}
