package callers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/node"
)

// observerOf is an observer with a link to m1 that stands.
func observerOf(watch workload.Watch) (*Observer, *view) {
	v := &view{link: link{peer: Peer{Name: "m1", Addr: "10.0.0.1:6379"}, state: linkUp, conn: 7}}
	return &Observer{setup: setup{watch: watch}, views: []*view{v}, now: 1, out: &node.Effects{}}, v
}

func notesOf(out *node.Effects) (texts []string) {
	for _, e := range out.List() {
		if e.Kind == node.EffectNote && e.Note.Kind == node.NoteUnseen {
			texts = append(texts, e.Note.Key+": "+e.Note.Text)
		}
	}
	return texts
}

func TestDigestThatIsTooLateTwiceIsNotAskedForAgain(t *testing.T) {
	o, v := observerOf(workload.Watch{})
	o.await = workload.StageSettled
	info := "role:master\r\nmaster_replid:a\r\nmaster_repl_offset:5\r\n"
	for i := range 2 {
		require.False(t, v.blind, i)
		v.state, v.asked = linkUp, 0
		o.ask(v)
		require.Equal(t, 3, v.questions)
		o.received(v, []byte("$52\r\n"+info+"\r\n"))
		o.now = o.now.Add(observeLimit + 1)
		o.round()
	}
	require.True(t, v.blind)
	require.Equal(t, []string{"digest: DEBUG DIGEST takes longer than 2s"}, notesOf(o.out))
	v.state = linkUp
	o.ask(v)
	require.Equal(t, 2, v.questions, "INFO and ROLE alone")
}

func TestServerThatAnswersNothingIsNotTakenForOneWithASlowDigest(t *testing.T) {
	o, v := observerOf(workload.Watch{})
	o.await = workload.StageSettled
	for range 5 {
		v.state, v.asked = linkUp, 0
		o.ask(v)
		o.now = o.now.Add(observeLimit + 1)
		o.round()
	}
	require.False(t, v.blind)
	require.Empty(t, notesOf(o.out))
}

func TestConfigThatIsRenamedIsSaidOnce(t *testing.T) {
	o, v := observerOf(workload.Watch{Foreign: true})
	for range 3 {
		o.ask(v)
		o.received(v, []byte("$13\r\nrole:master\r\n\r\n-ERR unknown command 'CONFIG'\r\n"))
		require.Zero(t, v.asked, "it was answered")
		require.NotZero(t, v.heard)
	}
	require.Equal(t, []string{"settings: CONFIG GET: ERR unknown command 'CONFIG'"}, notesOf(o.out))
}
