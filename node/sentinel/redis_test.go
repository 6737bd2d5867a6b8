package sentinel

import (
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/pubsub"
	"github.com/ordeal-go/ordeal/node/resp"
)

// fakeRedis is as much of a server as a Sentinel sees. Its state outlives its process, as a rewritten file does.
type fakeRedis struct {
	m        *testMachine
	port     int
	master   address // "" for a master
	offset   int64
	priority int
	syncing  time.Duration // how long after SLAVEOF the link comes up
	linkUpAt time.Duration
	override map[string]string // command → raw reply
	got      []string          // transactions and scripts, in order
	subs     *pubsub.Registry
	in       map[node.ConnID]*resp.RequestParser
	multi    map[node.ConnID]bool
}

func (w *testWorld) addRedis(name, ip string, master address) *fakeRedis {
	r := &fakeRedis{port: 6379, master: master, priority: 100, offset: 100, override: map[string]string{}}
	r.m = w.add(name, ip, func(*testMachine) node.Core {
		r.subs, r.in, r.multi = pubsub.New(), map[node.ConnID]*resp.RequestParser{}, map[node.ConnID]bool{}
		return r
	})
	return r
}

func (r *fakeRedis) addr() address { return address{r.m.ip, r.port} }

func (r *fakeRedis) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Listen(r.addr().String())
	case node.Accepted:
		r.in[ev.Conn] = new(resp.RequestParser)
	case node.Closed:
		delete(r.in, ev.Conn)
		r.subs.Drop(ev.Conn)
	case node.Received:
		p := r.in[ev.Conn]
		p.Feed(ev.Bytes)
		for {
			args, ok, err := p.Next()
			if err != nil || !ok {
				return
			}
			var words []string
			for _, a := range args {
				words = append(words, string(a))
			}
			out.Send(ev.Conn, r.answer(ev.Conn, words, out))
		}
	}
}

func (r *fakeRedis) answer(conn node.ConnID, args []string, out *node.Effects) []byte {
	name := strings.ToUpper(args[0])
	if raw, ok := r.override[name]; ok {
		return []byte(raw)
	}
	if r.multi[conn] && name != "EXEC" {
		r.got = append(r.got, strings.Join(args, " "))
		return []byte("+QUEUED\r\n")
	}
	switch name {
	case "PING":
		return []byte("+PONG\r\n")
	case "INFO":
		return resp.AppendBulkString(nil, r.info())
	case "SUBSCRIBE":
		return r.subs.AppendSubscribe(nil, conn, [][]byte{[]byte(args[1])})
	case "PUBLISH":
		to := r.subs.Publish(args[1])
		for _, t := range to {
			out.Send(t.Conn, pubsub.AppendMessage(nil, t, args[1], []byte(args[2])))
		}
		return resp.AppendInt(nil, int64(len(to)))
	case "MULTI":
		r.multi[conn] = true
		r.got = append(r.got, "MULTI")
		return []byte("+OK\r\n")
	case "EXEC":
		delete(r.multi, conn)
		r.exec()
		return []byte("*3\r\n+OK\r\n+OK\r\n:1\r\n")
	case "SCRIPT":
		r.got = append(r.got, strings.Join(args, " "))
	}
	return []byte("+OK\r\n")
}

func (r *fakeRedis) exec() {
	for i := len(r.got) - 1; i >= 0 && r.got[i] != "MULTI"; i-- {
		f := strings.Fields(r.got[i])
		if f[0] != "SLAVEOF" {
			continue
		}
		if f[1] == "NO" {
			r.master = address{}
			return
		}
		r.master = address{f[1], int(lenient(f[2]))}
		r.linkUpAt = r.m.w.now + r.syncing
		return
	}
}

func (r *fakeRedis) upstream() *fakeRedis {
	m := r.m.w.machines[r.master.ip]
	if m == nil || m.core == nil {
		return nil
	}
	up, _ := m.core.(*fakeRedis)
	return up
}

func (r *fakeRedis) info() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("# Server\r\nredis_version:4.0.14\r\nrun_id:%040x", r.m.ip+fmt.Sprint(r.m.life))
	line("# Replication")
	if r.master.ip == "" {
		line("role:master")
		n := 0
		for _, m := range r.m.w.order {
			if s, ok := m.core.(*fakeRedis); ok && s.master == r.addr() {
				line("slave%d:ip=%s,port=%d,state=online,offset=%d,lag=0", n, m.ip, s.port, s.offset)
				n++
			}
		}
		return b.String()
	}
	line("role:slave\r\nmaster_host:%s\r\nmaster_port:%d", r.master.ip, r.master.port)
	if up := r.upstream(); up != nil && up.master.ip == "" && r.m.w.now >= r.linkUpAt {
		line("master_link_status:up")
	} else {
		line("master_link_status:down\r\nmaster_link_down_since_seconds:1")
	}
	line("slave_repl_offset:%d\r\nslave_priority:%d", r.offset, r.priority)
	return b.String()
}
