package clients

import (
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// wiretap reads along on a connection, to know what the client does with a server that says it is no master: it is the
// client's side of the matter, whatever the client makes of it inside. It reads RESP2; where it does not understand, it
// stops reading.
type wiretap struct {
	peer     string
	replies  resp.ReplyParser
	requests resp.RequestParser
	deaf     bool
	demoted  map[string]bool // shared by all connections: servers that have answered READONLY; to look up only
}

func newWiretap(peer string, demoted map[string]bool) *wiretap {
	return &wiretap{peer: peer, demoted: demoted}
}

// heard reads what the client is told.
func (t *wiretap) heard(b []byte, out *node.Effects) {
	if t.deaf {
		return
	}
	t.replies.Feed(b)
	for {
		r, ok, err := t.replies.Next()
		if err != nil {
			t.deaf = true
		}
		if !ok || err != nil {
			return
		}
		if r.IsError() && strings.HasPrefix(string(r.Str), "READONLY") {
			t.demoted[t.peer] = true
			out.Note(node.Note{Kind: NoteDemoted, Peer: t.peer})
		}
	}
}

// inquiries are the commands by which a client asks how a server is, or prepares a connection.
var inquiries = []string{"AUTH", "CLIENT", "COMMAND", "ECHO", "HELLO", "INFO", "PING", "QUIT", "READONLY", "RESET", "ROLE", "SELECT", "SUBSCRIBE"}

// said reads what the client says. It counts what goes to a server that answered READONLY; whether that is a master
// again meanwhile, the history tells.
func (t *wiretap) said(b []byte, out *node.Effects) {
	if t.deaf {
		return
	}
	t.requests.Feed(b)
	n := node.Note{Kind: NoteSentOn, Peer: t.peer}
	for {
		args, ok, err := t.requests.Next()
		if err != nil {
			t.deaf = true
		}
		if !ok || err != nil {
			break
		}
		if len(args) == 0 || !t.demoted[t.peer] {
			continue
		}
		if name := strings.ToUpper(string(args[0])); !slices.Contains(inquiries, name) {
			if n.N++; n.N == 1 {
				n.Text = name
			}
		}
	}
	if n.N > 0 {
		out.Note(n)
	}
}
