package plain

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live/serve"
	"github.com/ordeal-go/ordeal/node"
)

// Port is where the servers of a plain system listen, each at an address of its own.
const Port = 7000

// Servers lays out n servers, m1 and r1 and on, of the system called name. Each has the core that core makes from the
// arguments that args gives it; live, its process is this program once more, which says so to [serve.Core]. own is the
// address at which a server itself listens, and the others reach it at its Addr.
func Servers(name string, n int, addr cluster.Addressing, args func(m cluster.Machine, own string, all []cluster.Machine) []string,
	core serve.Maker) []cluster.Machine {
	all := make([]cluster.Machine, n)
	for i := range all {
		called := "m1"
		if i > 0 {
			called = fmt.Sprintf("r%d", i)
		}
		all[i] = *cluster.NewMachine(called, cluster.Server, i+1, Port, addr)
	}
	for i := range all {
		m := &all[i]
		given := args(*m, fmt.Sprintf("%s:%d", m.Host, Port), all)
		m.Process = serve.Process(name, given...)
		m.New = func(b cluster.Boot) node.Core { return core(given, b.Rand) }
	}
	return all
}

// Lines takes the bytes of connections apart into lines. The zero value is ready for use.
type Lines struct{ rest map[node.ConnID][]byte }

// Take returns the words of each whole line, now that b has come on conn.
func (l *Lines) Take(conn node.ConnID, b []byte) (lines [][]string) {
	if l.rest == nil {
		l.rest = map[node.ConnID][]byte{}
	}
	text := append(l.rest[conn], b...)
	for line, rest, whole := bytes.Cut(text, []byte("\n")); whole; line, rest, whole = bytes.Cut(text, []byte("\n")) {
		lines, text = append(lines, strings.Fields(string(line))), rest
	}
	l.rest[conn] = text
	return lines
}

// Forget is for a connection that is gone.
func (l *Lines) Forget(conn node.ConnID) { delete(l.rest, conn) }

// Say sends a line.
func Say(out *node.Effects, conn node.ConnID, format string, args ...any) {
	out.Send(conn, fmt.Appendf(nil, format+"\n", args...))
}
