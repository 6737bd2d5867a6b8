package live_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	client "github.com/Shopify/toxiproxy/v2/client"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
)

// talking is a and b with a connection that a opened.
func talking(t *testing.T, cfg live.Config) (*live.World, *record, []cluster.Machine) {
	t.Helper()
	machines := echoes("a", "b")
	r := &record{}
	cfg.Machines, cfg.Lease, cfg.Sink, cfg.Seed = machines, addressed(t, machines), r, 1
	w, err := live.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	startAll(t, w, r, machines)
	require.NoError(t, w.Tell("a", "dial "+machines[1].Addr()))
	eventually(t, w, r, "a connection", func() bool { return r.count("a note stage dialled") == 1 })
	return w, r, machines
}

func echoed(t *testing.T, w *live.World, r *record, word string) time.Duration {
	t.Helper()
	start := time.Now()
	require.NoError(t, w.Tell("a", word))
	eventually(t, w, r, "an echo", func() bool { return r.count("a note stage echoed "+word) == 1 })
	return time.Since(start)
}

func TestToxiproxysOwnClientSeesAndChangesTheLinksWhileARunGoesOn(t *testing.T) {
	t.Parallel()
	w, r, _ := talking(t, live.Config{})
	defer http.DefaultClient.CloseIdleConnections()
	api := client.NewClient(w.API())
	proxies, err := api.Proxies()
	require.NoError(t, err)
	require.Len(t, proxies, 2)
	link := proxies["a->b"]
	require.NotNil(t, link)
	require.True(t, link.Enabled)

	inflict(t, w, 1, "latency a -> b latency=5")
	seen, err := link.Toxics()
	require.NoError(t, err)
	require.Len(t, seen, 3, "the nemesis's two and a fault's")
	echoed(t, w, r, "one")

	_, err = link.AddToxic("slow", "latency", "downstream", 1, client.Attributes{"latency": 120})
	require.NoError(t, err)
	require.GreaterOrEqual(t, echoed(t, w, r, "two"), 120*time.Millisecond)
	_, err = link.UpdateToxic("slow", 1, client.Attributes{"latency": 1})
	require.NoError(t, err)
	require.NoError(t, link.RemoveToxic("slow"))
	echoed(t, w, r, "three")
	require.Error(t, link.Delete(), "the machines would not reach each other any more")
	lift(t, w, 1)
	echoed(t, w, r, "four")
}

// runToxiproxy is a toxiproxy server in a process of its own, without anything of ours in it.
func runToxiproxy(t *testing.T) (addr string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestExternalToxiproxyServer$")
	child.Env = append(os.Environ(), "ORDEAL_TOXIPROXY_TEST=1")
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { child.Process.Kill(); child.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			return addr
		}
	}
	t.Fatal("no toxiproxy server")
	return ""
}

func TestExternalToxiproxyServer(t *testing.T) {
	if os.Getenv("ORDEAL_TOXIPROXY_TEST") != "" {
		serveToxiproxy()
	}
	t.Parallel()
	server := runToxiproxy(t)
	w, r, machines := talking(t, live.Config{Toxiproxy: server})
	require.Equal(t, server, w.API())
	echoed(t, w, r, "plain")
	api := client.NewClient(server)
	proxies, err := api.Proxies()
	require.NoError(t, err)
	require.Len(t, proxies, 2)

	inflict(t, w, 1, "latency a | b delay=100ms jitter=10ms")
	require.GreaterOrEqual(t, echoed(t, w, r, "slow"), 180*time.Millisecond)
	lift(t, w, 1)
	for id, text := range []string{"bandwidth a -> b rate=1000", "slicer a -> b average_size=2", "slow_close a | b delay=10",
		"limit_data a -> b bytes=100000", "reset_peer a -> b timeout=10 toxicity=0"} {
		inflict(t, w, 10+id, text)
		lift(t, w, 10+id)
	}
	inflict(t, w, 2, "cut a -> b")
	require.NoError(t, w.Tell("a", "lost"))
	require.NoError(t, w.Advance(context.Background(), w.Elapsed()+quiet))
	require.Zero(t, r.count("b note stage echoed lost"))
	require.Zero(t, r.count("a note stage closed"))
	lift(t, w, 2)
	eventually(t, w, r, "the end of what was cut", func() bool { return r.count("a note stage closed") == 1 })

	dial := func(dialled int) {
		require.NoError(t, w.Tell("a", "dial "+machines[1].Addr()))
		eventually(t, w, r, "a connection", func() bool { return r.count("a note stage dialled") == dialled })
	}
	dial(2)
	echoed(t, w, r, "again")
	inflict(t, w, 3, "drop a -> b")
	eventually(t, w, r, "the end of what was dropped", func() bool { return r.count("a note stage closed") == 2 })
	lift(t, w, 3)
	dial(3)
	echoed(t, w, r, "once more")
	for _, text := range []string{"refuse a -> b", "blackhole a | b", "clog a -> b", "unclog a -> b", "half-open a -> b"} {
		refused(t, w, text, "a toxiproxy server cannot do that")
	}
	_, err = w.Close()
	require.NoError(t, err)
	proxies, err = api.Proxies()
	require.NoError(t, err)
	require.Empty(t, proxies)
	http.DefaultClient.CloseIdleConnections()
}

// serveToxiproxy is what the process of runToxiproxy does until it is killed.
func serveToxiproxy() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close() // toxiproxy opens it itself, and does not tell which it took
	go func() {
		for {
			if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
				c.Close()
				fmt.Println("listening 127.0.0.1:" + port)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()).Listen("127.0.0.1", port)
}

func TestToxiproxyServerThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	machines := echoes("a", "b")
	_, err := live.Open(t.Context(), live.Config{Machines: machines, Lease: addressed(t, machines), Sink: &record{}, Toxiproxy: "127.0.0.1:1"})
	require.ErrorContains(t, err, "the toxiproxy server at 127.0.0.1:1")
}
