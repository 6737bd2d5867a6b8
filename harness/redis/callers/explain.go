package callers

import (
	"fmt"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/node"
)

func (o *Observer) explain() {
	for _, v := range o.views {
		if why := o.waitsFor(v); why != "" && !v.spare && !(v.sentinel && o.await == StageLinked) {
			o.out.Note(node.Note{Kind: workload.NoteWaiting, About: v.peer.Name, Text: why})
		}
	}
}

// waitsFor says what is still missing of a machine; "" nothing that the observer knows of.
func (o *Observer) waitsFor(v *view) string {
	question := "INFO"
	if v.sentinel {
		question = "SENTINEL MASTER"
	}
	switch {
	case v.state != linkUp:
		return fmt.Sprintf("%s: nobody answers at %s", observerName, v.peer.Addr)
	case v.refusal != "":
		return fmt.Sprintf("%s: %s answers %s with %s", observerName, v.peer.Name, question, v.refusal)
	case !o.current(v):
		return fmt.Sprintf("%s: %s does not answer %s", observerName, v.peer.Name, question)
	case !v.sentinel && v.server.Role == "slave" && v.server.Link != "up":
		return fmt.Sprintf("%s: its link to its master at %s is %s", v.peer.Name, v.server.Peer, v.server.Link)
	case v.sentinel && o.await == StageFormed && v.watch.Slaves < o.replicas():
		return fmt.Sprintf("%s: it knows %d of %d replicas", v.peer.Name, v.watch.Slaves, o.replicas())
	case v.sentinel && o.await == StageFormed && v.watch.Others != o.others():
		return fmt.Sprintf("%s: it knows %d of %d other Sentinels", v.peer.Name, v.watch.Others, o.others())
	}
	return ""
}
