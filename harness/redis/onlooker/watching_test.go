package onlooker_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/redis/onlooker"
	"github.com/ordeal-go/ordeal/node"
)

// watch plays a conversation of a Sentinel (>) with an instance (<), cut into pieces of at most n bytes.
func watch(s session, n int) string {
	var noted []string
	w := onlooker.NewWatching(1, "s1", "10.0.0.1:6379", func(n *node.Note) {
		noted = append(noted, strings.TrimSpace(n.Event+" "+n.Text))
	})
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for at, line := range s {
		sentinel, text := line[0] == '>', line[1:]
		for len(text) > 0 {
			k := min(len(text), 1+rng.IntN(n))
			w.Sent(sentinel, []byte(text[:k]))
			w.Read(time.Duration(at+1)*time.Second, !sentinel, []byte(text[:k]))
			text = text[k:]
		}
	}
	w.Closed(false)
	w.Closed(true)
	w.Closed(true)
	return strings.Join(noted, "; ")
}

func TestWhatASentinelSaysIsTakenApartHoweverItIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		said  session
		noted string
	}{
		"a connection for commands": {session{">*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$3\r\ncmd\r\n*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nINFO\r\n",
			"<+OK\r\n+OK\r\n-LOADING Redis is loading\r\n$5\r\n-PONG\r\n", ">*1\r\n$4\r\nPING\r\n", "<+PONG\r\n",
			">*3\r\n$7\r\nPUBLISH\r\n$18\r\n__sentinel__:hello\r\n$3\r\na,b\r\n"},
			"dial; auth; name cmd; ping; info; answer LOADING; ping; hello a,b; closed"},
		"a question to another Sentinel": {session{">*6\r\n$8\r\nSENTINEL\r\n$22\r\nis-master-down-by-addr\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\n7\r\n$1\r\n*\r\n", "<*3\r\n:1\r\n$2\r\nid\r\n:7\r\n"},
			"dial; ask a 1 7 *; opinion 1 id 7; closed"},
		"orders in a transaction, and one alone": {session{">*1\r\n$5\r\nMULTI\r\n*3\r\n$7\r\nSLAVEOF\r\n$2\r\nNO\r\n$3\r\nONE\r\n*2\r\n$6\r\nCONFIG\r\n$7\r\nREWRITE\r\n*1\r\n$4\r\nEXEC\r\n",
			">*2\r\n$6\r\nSCRIPT\r\n$4\r\nKILL\r\n"}, "dial; orders SLAVEOF NO ONE; CONFIG REWRITE; order SCRIPT KILL; closed"},
		"a connection for hellos": {session{">*2\r\n$9\r\nSUBSCRIBE\r\n$18\r\n__sentinel__:hello\r\n", "<*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n",
			"<*3\r\n$7\r\nmessage\r\n$18\r\n__sentinel__:hello\r\n$1\r\nx\r\n"}, "dial; subscribe __sentinel__:hello; closed"},
		"an answer to nothing": {session{"<+PONG\r\n-X\r\n", ">*1\r\n$4\r\nPING\r\n", "<-X\r\n"}, "dial; ping; closed"},
	} {
		for _, n := range []int{1, 3, 10, 1000} {
			require.Equal(t, c.noted, watch(c.said, n), "%s, in pieces of %d", name, n)
		}
	}
}
