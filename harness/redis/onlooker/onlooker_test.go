package onlooker_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/redis/onlooker"
	"github.com/ordeal-go/ordeal/node"
)

const id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// session is a conversation in the words of both: > what the replica says, < what the master says.
type session []string

// play says it all, cut into pieces of at most n bytes, each of which arrives at once, and returns what was noted.
func (s session) play(n int) (noted []string) {
	c := onlooker.New(1, "r1", "10.0.0.1:6379", func(n *node.Note) {
		text := n.Event
		if n.Event == "heard" {
			return // how often depends on the pieces
		}
		for _, f := range []struct {
			name  string
			value any
		}{{"id", n.ReplID}, {"offset", n.Offset}, {"n", n.N}, {"m", n.M}, {"asked", n.AskedOffset}, {"by", n.Result}} {
			if f.value != "" && f.value != int64(0) {
				text += fmt.Sprintf(" %s=%v", f.name, f.value)
			}
		}
		noted = append(noted, text)
	})
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for at, line := range s {
		replica, text := line[0] == '>', line[1:]
		for len(text) > 0 {
			k := min(len(text), 1+rng.IntN(n))
			c.Sent(replica, []byte(text[:k]))
			c.Read(time.Duration(at+1)*time.Second, !replica, []byte(text[:k]))
			text = text[k:]
		}
	}
	c.Closed(true)
	c.Closed(true)
	return noted
}

func TestWhatServersSayIsTakenApartHoweverItIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		said  session
		noted string
	}{
		"a full sync of known length": {session{">PING\r\n", "<+PONG\r\n", ">REPLCONF capa eof capa psync2\r\n", "<+OK\r\n", ">PSYNC ? -1\r\n", "<\n", "<+FULLRESYNC " + id + " 100\r\n",
			"<\n", "<$5\r\nRED\nS", "<*1\r\n$4\r\nPING\r\n", ">*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$3\r\n114\r\n"},
			`dial; psync asked=-1; newline; fullresync id=ID offset=100; newline; payload; sent; received; ping; ack offset=114 n=114 m=114; acked offset=114; closed offset=114 by=replica`},
		"one with a mark": {session{">PSYNC ? -1\r\n", "<+FULLRESYNC " + id + " 7\r\n", "<$EOF:" + id + "\r\nREDIS0008" + id, ">\n",
			">*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n7\r\n", "<*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"},
			`dial; psync asked=-1; fullresync id=ID offset=7; payload; sent; received; alive; ack offset=7 n=7 m=7; acked offset=7; closed offset=30 by=replica`},
		"a continue, and a transaction that has not ended": {session{">PSYNC " + id + " 101\r\n", "<+CONTINUE " + id + "\r\n", "<*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n",
			">*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$3\r\n100\r\n", "<*1\r\n$4\r\nEXEC\r\n", ">*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$3\r\n157\r\n"},
			`dial; psync asked=101; continue id=ID offset=100; ack offset=100 n=100 m=143; acked offset=100; ack offset=157 n=157 m=157; acked offset=157; closed offset=157 by=replica`},
		"what is no replication any more": {session{">SYNC\r\n", "<$3\r\nabc", "<*1\r\n$4\r\nPING\r\n"}, `dial`},
	} {
		for _, n := range []int{1, 3, 10, 1000} {
			require.Equal(t, c.noted, strings.ReplaceAll(strings.Join(c.said.play(n), "; "), id, "ID"), "%s, in pieces of %d", name, n)
		}
	}
}
