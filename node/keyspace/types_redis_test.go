package keyspace

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/value"
)

// both does the same to a real Redis and to a keyspace.
type both struct {
	r   *redis
	ks  *Keyspace
	rng *rand.Rand
}

func (b *both) element() string {
	switch n := b.rng.IntN(12); n {
	case 0:
		return ""
	case 1:
		return strings.Repeat("long, ", b.rng.IntN(60))
	case 2:
		return string([]byte{byte(n), 0, 0xff, '\r', '\n', byte(b.rng.IntN(256))})
	case 3, 4, 5, 6:
		ranges := []int64{13, 127, 32_767, 8_388_607, 1 << 31, 1 << 40, 1<<63 - 1}
		return strconv.FormatInt((b.rng.Int64N(ranges[b.rng.IntN(len(ranges))])+1)*int64(1-2*b.rng.IntN(2)), 10)
	}
	return fmt.Sprint("element ", b.rng.IntN(1000))
}

// score draws a score. -0 is not among them: since 7.0 Redis makes it 0 in its compact form, 4.0 keeps it.
func (b *both) score() string {
	return []string{"0", "0", "inf", "-inf", "1", "3.5", "0.1", "1e20", "-1.5e-9", "12345678901234567", "4503599627370496",
		fmt.Sprint(b.rng.Int32()), fmt.Sprint(b.rng.NormFloat64())}[b.rng.IntN(13)]
}

// fillAll gives database db keys of all types and encodings, small and large.
func (b *both) fillAll(db int) {
	b.r.do("SELECT", strconv.Itoa(db))
	d := b.ks.DB(db)
	for i, n := range []int{1, 3, 20, 120, 700, 3000} {
		key := func(kind string) string { return fmt.Sprintf("%s:%d", kind, i) }
		list, set, ints, hash, zset := key("list"), key("set"), key("ints"), key("hash"), key("zset")
		for range n {
			e, f := b.element(), b.element()
			v, _ := d.ChangeOrAdd([]byte(list), value.KindList)
			front := b.rng.IntN(2) == 0
			b.r.do(map[bool]string{true: "LPUSH", false: "RPUSH"}[front], list, e)
			v.List().Push(front, []byte(e))

			v, _ = d.ChangeOrAdd([]byte(set), value.KindSet)
			b.r.do("SADD", set, e)
			v.Set().Add([]byte(e))

			whole := fmt.Sprint(b.rng.Int64N(1 << (8 + 9*(i+1))))
			v, _ = d.ChangeOrAdd([]byte(ints), value.KindSet)
			b.r.do("SADD", ints, whole)
			v.Set().Add([]byte(whole))

			v, _ = d.ChangeOrAdd([]byte(hash), value.KindHash)
			b.r.do("HSET", hash, e, f)
			v.Hash().Set([]byte(e), []byte(f))

			v, _ = d.ChangeOrAdd([]byte(zset), value.KindZSet)
			score := b.score()
			at, err := strconv.ParseFloat(score, 64)
			require.NoError(b.r.t, err)
			b.r.do("ZADD", zset, score, e)
			v.ZSet().Set([]byte(e), at)
		}
		if i%2 == 0 {
			ms := time.Now().Add(time.Hour).UnixMilli() + int64(i)
			b.r.do("PEXPIREAT", hash, fmt.Sprint(ms))
			d.SetExpire([]byte(hash), ms)
		}
		text := strings.Repeat("0123456789", n)
		b.r.do("SET", key("text"), text)
		b.r.do("SETRANGE", key("text"), "5000", text)
		b.r.do("APPEND", key("text"), "more")
		d.Set([]byte(key("text")), value.NewString([]byte(text)))
		d.WriteAt([]byte(key("text")), 5000, []byte(text))
		d.Append([]byte(key("text")), []byte("more"))
	}
}

func digestOf(ks *Keyspace) string {
	d := ks.Digest()
	return hex.EncodeToString(d[:])
}

func TestDigestOfAllTypesIsThatOfRedis(t *testing.T) {
	b := &both{r: startRedis(t, t.TempDir()), ks: New(16), rng: rand.New(rand.NewPCG(7, 11))}
	for _, db := range []int{0, 5} {
		b.fillAll(db)
	}
	require.Equal(t, b.r.do("DEBUG", "DIGEST"), digestOf(b.ks))
	b.ks.Snapshot()
	for i := range 200 {
		n := b.rng.IntN(6)
		list, member, e := fmt.Sprint("list:", n), fmt.Sprint("element ", b.rng.IntN(1000)), b.element()
		if v, ok := b.ks.DB(5).Change([]byte(list)); ok {
			b.r.do("LREM", list, "-2", member)
			v.List().Remove(-2, []byte(member))
			at := b.rng.IntN(v.List().Len())
			b.r.do("LSET", list, fmt.Sprint(at), e)
			v.List().Set(at, []byte(e))
			pivot, _ := v.List().At(v.List().Len() / 2)
			b.r.do("LINSERT", list, "BEFORE", string(pivot), "before")
			at, _ = v.List().Index(pivot)
			v.List().Insert(at, []byte("before"))
		}
		if v, ok := b.ks.DB(5).Change(fmt.Appendf(nil, "zset:%d", n)); ok && v.ZSet().Len() > 5 {
			b.r.do("ZREMRANGEBYRANK", fmt.Sprint("zset:", n), "2", "3")
			v.ZSet().RemoveRange(2, 4)
			b.r.do("ZADD", fmt.Sprint("zset:", n), "7", member)
			v.ZSet().Set([]byte(member), 7)
		}
		if v, ok := b.ks.DB(5).Change(fmt.Appendf(nil, "hash:%d", n)); ok && v.Hash().Len() > 3 {
			b.r.do("HDEL", fmt.Sprint("hash:", n), member)
			v.Hash().Delete([]byte(member))
		}
		if i%20 == 0 {
			require.Equal(t, b.r.do("DEBUG", "DIGEST"), digestOf(b.ks))
			b.ks.Snapshot()
		}
	}
	require.Equal(t, b.r.do("DEBUG", "DIGEST"), digestOf(b.ks))
}

// Register by register and byte by byte: the strings are compared through the digest, the estimates as numbers.
func TestHyperLogLogsAreThoseOfRedis(t *testing.T) {
	r, ks, rng := startRedis(t, t.TempDir()), New(1), rand.New(rand.NewPCG(5, 8))
	db := ks.DB(0)
	get := func(key string) value.Value {
		if v, ok := db.Change([]byte(key)); ok {
			return v
		}
		return value.NewHLL()
	}
	count := func(key string) string {
		n, w, stored, err := db.Ledger().HLLCount(get(key))
		require.NoError(t, err)
		if stored {
			db.Set([]byte(key), w)
		}
		return fmt.Sprint(n)
	}
	for k, most := range []int{10, 300, 3000, 100_000} {
		key := fmt.Sprint("hll:", k)
		for n := 0; n < most; {
			batch := []string{"PFADD", key}
			var elements [][]byte
			for range rng.IntN(max(most/50, 3)) + 1 {
				e := fmt.Sprint("element ", rng.IntN(most), strings.Repeat("!", rng.IntN(12)))
				batch, elements = append(batch, e), append(elements, []byte(e))
			}
			n += len(elements)
			_, there := db.Get([]byte(key))
			v, changed, err := db.Ledger().HLLAdd(get(key), elements)
			require.NoError(t, err)
			db.Set([]byte(key), v)
			want := "0"
			if changed || !there {
				want = "1"
			}
			require.Equal(t, r.do(batch...), want)
			if rng.IntN(8) == 0 {
				require.Equal(t, r.do("PFCOUNT", key), count(key))
			}
			if most < 10_000 {
				require.Equal(t, r.do("DEBUG", "DIGEST"), digestOf(ks), "%s after %d", key, n)
			}
			if rng.IntN(30) == 0 {
				ks.Snapshot()
			}
		}
		require.Equal(t, r.do("PFCOUNT", key), count(key))
		require.Equal(t, r.do("DEBUG", "DIGEST"), digestOf(ks))
	}
	for i, keys := range [][]string{{"hll:0", "hll:1"}, {"hll:2"}, {"hll:0", "hll:3", "none"}, {"hll:1"}} {
		dest := fmt.Sprint("merged:", i%3)
		var others []value.Value
		for _, key := range keys {
			if v, ok := db.Get([]byte(key)); ok {
				others = append(others, v)
			}
		}
		n, err := value.HLLUnion(others...)
		require.NoError(t, err)
		require.Equal(t, r.do(append([]string{"PFCOUNT"}, keys...)...), fmt.Sprint(n))
		v, err := db.Ledger().HLLMerge(get(dest), others...)
		require.NoError(t, err)
		db.Set([]byte(dest), v)
		r.do(append([]string{"PFMERGE", dest}, keys...)...)
		require.Equal(t, r.do("DEBUG", "DIGEST"), digestOf(ks))
		require.Equal(t, r.do("PFCOUNT", dest), count(dest))
	}
	require.Equal(t, r.do("DEBUG", "DIGEST"), digestOf(ks))
}
