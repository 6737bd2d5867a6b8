package bench

import (
	"encoding/csv"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// wholeList are redis-benchmark's own tests, but for ZPOPMIN, which 4.0 does not have.
const wholeList = "ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,lrange_100,lrange_300,lrange_500,lrange_600,mset"

// heavy are commands whose work grows with the data, each with how often it is said in a round. What they work on, prepare
// makes.
var heavy = []struct {
	times int
	words string
}{
	{5, "SORT numbers LIMIT 0 10"},
	{5, "SORT numbers"},
	{5, "SORT list ALPHA LIMIT 0 10"},
	{5, "ZUNIONSTORE result 2 z1 z2"},
	{5, "ZINTERSTORE result 2 z1 z2 WEIGHTS 2 3"},
	{5, "SINTER s1 s2"},
	{5, "SINTERSTORE result s1 s2"},
	{5, "SUNIONSTORE result s1 s2"},
	{5, "SDIFF s1 s2"},
	{200, "GEORADIUS geo 15 37 200 km"},
	{200, "GEORADIUS geo 15 37 100 km WITHDIST COUNT 10 ASC"},
	{200, "ZRANGEBYSCORE z1 1000 2000 WITHSCORES"},
	{200, "HGETALL hash"},
	{200, "SMEMBERS small"},
	{20, "BITCOUNT bits"},
	{20, "BITOP XOR result bits bits2"},
	{200, "PFCOUNT hll"},
}

// BenchmarkWholeListAgainstRedis has redis-benchmark try its whole list, without and with pipelines of 16, and then
// what is heavy, on both servers in turn; it prints the ratio of each, and reports the median and the least. Above 1,
// ordeal-node is the faster one.
func BenchmarkWholeListAgainstRedis(b *testing.B) {
	ours, theirs := startBoth(b)
	for _, pipeline := range []int{1, 16} {
		b.Run(fmt.Sprintf("pipeline-%d", pipeline), func(b *testing.B) {
			for b.Loop() {
				compare(b, func(port string) map[string]float64 { return list(b, port, pipeline) }, ours, theirs)
			}
		})
	}
	prepare(b, ours)
	prepare(b, theirs)
	b.Run("heavy", func(b *testing.B) {
		for b.Loop() {
			compare(b, func(port string) map[string]float64 {
				rates := map[string]float64{}
				for _, h := range heavy {
					for name, rate := range benchmark(b, port, append([]string{"-n", strconv.Itoa(h.times), "-c", "2"}, strings.Fields(h.words)...)) {
						rates[name] = rate
					}
				}
				return rates
			}, ours, theirs)
		}
	})
}

// list is redis-benchmark's list on one server, by test.
func list(b *testing.B, port string, pipeline int) map[string]float64 {
	return benchmark(b, port, []string{"-n", strconv.Itoa(requests / 4), "-P", strconv.Itoa(pipeline), "-r", "10000", "-t", wholeList})
}

// benchmark is a run of redis-benchmark: requests a second by test.
func benchmark(b *testing.B, port string, words []string) map[string]float64 {
	b.Helper()
	out, err := exec.Command("redis-benchmark", append([]string{"-h", "127.0.0.1", "-p", port, "--csv"}, words...)...).Output()
	require.NoError(b, err)
	r := csv.NewReader(strings.NewReader(string(out)))
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	require.NoError(b, err)
	rates := map[string]float64{}
	for _, row := range rows {
		if rate, err := strconv.ParseFloat(row[1], 64); err == nil {
			rates[row[0]] = rate
		}
	}
	require.NotEmpty(b, rates, "redis-benchmark printed\n%s", out)
	return rates
}

// compare measures both servers in turn and reports the ratios of the medians.
func compare(b *testing.B, measure func(port string) map[string]float64, ours, theirs string) {
	our, their := map[string][]float64{}, map[string][]float64{}
	for range rounds {
		for name, rate := range measure(ours) {
			our[name] = append(our[name], rate)
		}
		for name, rate := range measure(theirs) {
			their[name] = append(their[name], rate)
		}
	}
	var ratios []float64
	var lines []string
	for name := range our {
		ratio := median(our[name]) / median(their[name])
		ratios = append(ratios, ratio)
		lines = append(lines, fmt.Sprintf("%-60s %5.2f  %.0f/s", name, ratio, median(our[name])))
	}
	slices.Sort(lines)
	b.Log("node/redis\n" + strings.Join(lines, "\n"))
	slices.Sort(ratios)
	b.ReportMetric(median(ratios), "median-node/redis")
	b.ReportMetric(ratios[0], "least-node/redis")
}

// prepare makes what the heavy commands work on: sets, sorted sets and a list of 100,000, 50,000 of them in both, places.
func prepare(b *testing.B, port string) {
	const many = 100_000
	fill(b, port, many, func(i int) []string { return []string{"SADD", "s1", "member:" + strconv.Itoa(i)} })
	fill(b, port, many, func(i int) []string { return []string{"SADD", "s2", "member:" + strconv.Itoa(i+many/2)} })
	fill(b, port, many, func(i int) []string {
		return []string{"ZADD", "z1", strconv.Itoa(i * 7919 % many), "member:" + strconv.Itoa(i)}
	})
	fill(b, port, many, func(i int) []string {
		return []string{"ZADD", "z2", strconv.Itoa(i * 104729 % many), "member:" + strconv.Itoa(i+many/2)}
	})
	fill(b, port, many, func(i int) []string { return []string{"RPUSH", "numbers", strconv.Itoa(i * 7919 % many)} })
	fill(b, port, many, func(i int) []string { return []string{"RPUSH", "list", "word:" + strconv.Itoa(i*7919%many)} })
	fill(b, port, 20_000, func(i int) []string {
		return []string{"GEOADD", "geo", strconv.FormatFloat(10+float64(i%100)/10, 'f', 4, 64), strconv.FormatFloat(32+float64(i/100)/20, 'f', 4, 64), "p" + strconv.Itoa(i)}
	})
	fill(b, port, 1000, func(i int) []string {
		return []string{"HSET", "hash", "f" + strconv.Itoa(i), "value:" + strconv.Itoa(i)}
	})
	fill(b, port, 200, func(i int) []string { return []string{"SADD", "small", "m" + strconv.Itoa(i)} })
	fill(b, port, 2, func(i int) []string { return []string{"SETBIT", []string{"bits", "bits2"}[i], "33554431", "1"} })
	fill(b, port, 10_000, func(i int) []string { return []string{"PFADD", "hll", "e" + strconv.Itoa(i)} })
}

// fill says n commands in pipelines, and reads the replies.
func fill(b *testing.B, port string, n int, command func(i int) []string) {
	b.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	require.NoError(b, err)
	defer conn.Close()
	var p resp.ReplyParser
	buf := make([]byte, 64<<10)
	const batch = 1000
	for i := 0; i < n; i += batch {
		var request []byte
		for k := i; k < min(i+batch, n); k++ {
			request = resp.AppendCommand(request, command(k)...)
		}
		_, err := conn.Write(request)
		require.NoError(b, err)
		for k := i; k < min(i+batch, n); {
			r, ok, err := p.Next()
			require.NoError(b, err)
			if ok {
				require.False(b, r.IsError(), "%s", r.Str)
				k++
				continue
			}
			got, err := conn.Read(buf)
			require.NoError(b, err)
			p.Feed(buf[:got])
		}
	}
}
