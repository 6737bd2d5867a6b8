package callers

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// serverState is what INFO replication and DEBUG DIGEST say of a server.
type serverState struct {
	Role, Link, ReplID, ReplID2 string
	Peer                        string // the master's address, on a replica
	Offset, Offset2, Good       int64
	Replicas                    int64
	Needed                      int64  // min-slaves-to-write, if it was asked for
	Digest                      string // belongs to Offset
	ReadOnly                    string // slave-read-only, "yes" or "no", on a replica
	Told                        string // the other lines of INFO that say something of the cluster, and ROLE
}

// parse reads the text of INFO replication.
func (s *serverState) parse(info []byte) {
	*s = serverState{Role: infoField(info, "role"), Link: infoField(info, "master_link_status"),
		ReplID: infoField(info, "master_replid"), ReplID2: infoField(info, "master_replid2"),
		Offset: infoInt(info, "master_repl_offset"), Offset2: infoInt(info, "second_repl_offset"),
		Good: infoInt(info, "min_slaves_good_slaves"), Replicas: infoInt(info, "connected_slaves"), Told: toldBy(info)}
	if s.Role == "slave" {
		s.ReadOnly = map[string]string{"0": "no", "1": "yes"}[infoField(info, "slave_read_only")]
		s.Peer = infoField(info, "master_host") + ":" + infoField(info, "master_port")
	}
}

// toldBy is those lines of INFO that a state has no field of its own for.
func toldBy(info []byte) string {
	var told []string
	for line := range bytes.Lines(info) {
		line = bytes.TrimRight(line, "\r\n")
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch string(name) {
		case "slave_repl_offset", "master_link_down_since_seconds", "slave_priority", "connected_slaves":
			told = append(told, string(line))
		default:
			if number, is := bytes.CutPrefix(name, []byte("slave")); is && len(number) > 0 && '0' <= number[0] && number[0] <= '9' {
				told = append(told, string(line))
			}
		}
	}
	return strings.Join(told, " ")
}

// role takes the reply to ROLE, as words with commas between them. A server need not answer it.
func (s *serverState) role(r resp.Reply) {
	if r.Kind != '*' {
		return
	}
	s.Told += " role:" + strings.Join(appendWords(nil, r.Elems), ",")
}

func appendWords(words []string, all []resp.Reply) []string {
	for _, e := range all {
		switch e.Kind {
		case '*':
			words = appendWords(words, e.Elems)
		case ':':
			words = append(words, strconv.FormatInt(e.Int, 10))
		default:
			words = append(words, string(e.Str))
		}
	}
	return words
}

// infoField returns the value of a line "name:value" of an INFO text, "" if there is none.
func infoField(info []byte, name string) string { return string(infoValue(info, name)) }

func infoValue(info []byte, name string) []byte {
	for len(info) > 0 {
		line, rest, _ := bytes.Cut(info, []byte("\n"))
		info = rest
		if len(line) > len(name) && line[len(name)] == ':' && string(line[:len(name)]) == name {
			return bytes.TrimSuffix(line[len(name)+1:], []byte("\r"))
		}
	}
	return nil
}

func infoInt(info []byte, name string) int64 {
	n, _ := resp.ParseInt(infoValue(info, name)) // a field that is missing or odd counts as 0
	return n
}

func (s *serverState) note(about string) node.Note {
	return node.Note{Kind: node.NoteState, About: about, Role: s.Role, Link: s.Link, ReplID: s.ReplID, ReplID2: s.ReplID2,
		Offset: s.Offset, Offset2: s.Offset2, Peer: s.Peer, N: s.Good, M: s.Needed, Text: s.Told}
}

func (s *serverState) digestNote(about string) node.Note {
	return node.Note{Kind: node.NoteDigest, About: about, ReplID: s.ReplID, Offset: s.Offset, Digest: s.Digest}
}

// FailoverInProgress is the flag by which a Sentinel says that it is in the middle of a failover, and the Text of the
// observer's note about it.
const FailoverInProgress = "failover_in_progress"

// sentinelState is what SENTINEL MASTER says.
type sentinelState struct {
	Addr           string // the master's
	Epoch          int64  // config epoch
	Slaves, Others int64  // how many it knows
	Failover       bool   // it is in the middle of one: the epoch may be the next master's and the address not yet
}

// parse reads the reply of SENTINEL MASTER, a flat list of names and values.
func (s *sentinelState) parse(r resp.Reply) bool {
	if r.Kind != '*' || len(r.Elems) < 2 {
		return false
	}
	*s = sentinelState{}
	var ip, port string
	for i := 0; i+1 < len(r.Elems); i += 2 {
		value := r.Elems[i+1].Str
		n, _ := resp.ParseInt(value) // 0 where it is no number
		switch string(r.Elems[i].Str) {
		case "ip":
			ip = string(value)
		case "port":
			port = string(value)
		case "flags":
			s.Failover = bytes.Contains(value, []byte(FailoverInProgress))
		case "config-epoch":
			s.Epoch = n
		case "num-slaves":
			s.Slaves = n
		case "num-other-sentinels":
			s.Others = n
		}
	}
	s.Addr = ip + ":" + port
	return true
}

func (s *sentinelState) note(about string) node.Note {
	n := node.Note{Kind: node.NoteConfig, About: about, Master: MasterName, Peer: s.Addr, Epoch: s.Epoch}
	if s.Failover {
		n.Text = FailoverInProgress
	}
	return n
}

// judge notes the awaited stage once the cluster has reached it.
func (o *Observer) judge() {
	switch o.await {
	case StageLinked:
		o.reached(o.linked())
	case StageFormed:
		o.reached(o.linked() && o.formed())
	case workload.StageSettled:
		if !o.settled() {
			o.held = 0
			return
		}
		// Once everybody has answered twice since, so that no answer is from before the last change.
		if o.held++; o.held > 2*len(o.views) {
			o.reached(true)
			o.startReads()
		}
	}
}

func (o *Observer) reached(yes bool) {
	if yes {
		o.out.Note(node.Note{Kind: node.NoteStage, Text: o.await})
		o.await = ""
	}
}

// current says whether the machine has answered since the harness began to wait.
func (o *Observer) current(v *view) bool { return v.heard > o.since }

func (o *Observer) linked() bool {
	for _, v := range o.views {
		if !v.sentinel && !v.spare && (!o.current(v) || (v.server.Role == "slave" && v.server.Link != "up")) {
			return false
		}
	}
	return true
}

func (o *Observer) formed() bool {
	for _, v := range o.views {
		if v.sentinel && !v.spare && (!o.current(v) || v.watch.Slaves < o.replicas() || v.watch.Others != o.others()) {
			return false
		}
	}
	return true
}

// others is how many other Sentinels each one has to find.
func (o *Observer) others() int64 {
	n := int64(-1)
	for _, v := range o.views {
		if v.sentinel && !v.spare {
			n++
		}
	}
	return n
}

// replicas is how many replicas the Sentinels can find: those attached to the master itself.
func (o *Observer) replicas() int64 {
	for _, v := range o.views {
		if v.server.Role == "master" {
			return v.server.Replicas
		}
	}
	return 0
}

// theMaster is the view of the only master, nil if there is none or more than one.
func (o *Observer) theMaster() *view {
	var master *view
	for _, v := range o.views {
		if v.server.Role != "master" {
			continue
		}
		if master != nil {
			return nil
		}
		master = v
	}
	return master
}

func (o *Observer) settled() bool {
	m := o.theMaster()
	if m == nil {
		return false
	}
	for _, v := range o.views {
		switch {
		case v.spare:
		case !o.current(v):
			return false
		case v.sentinel:
			if v.watch.Addr != m.peer.Addr {
				return false
			}
		case v.server.Digest == "" && !v.blind:
			return false
		case v == m:
		case v.server.Link != "up" || v.server.ReplID != m.server.ReplID || v.server.Offset != m.server.Offset,
			v.server.Digest != m.server.Digest && !v.blind && !m.blind:
			return false
		}
	}
	return true
}

// startReads reads everything once more from the master, over a new connection: on the old one, answers to earlier
// questions may still be on their way.
func (o *Observer) startReads() {
	o.final, o.reading = o.theMaster(), 0
	for _, v := range o.views {
		v.asked = 0
	}
	o.final.drop(o.now, o.out)
	o.final.open(o.now, o.out, 0)
}

// finals are the reads that say what became of all works.
func (s setup) finals() []Op {
	var all []Op
	for _, w := range s.works {
		for _, op := range w.kind.final(w) {
			op.work, op.hand, op.DB = w, newHand(), max(op.DB, w.DB)
			all = append(all, op)
		}
	}
	return all
}

func (o *Observer) readNext() {
	if o.reading == len(o.reads) {
		o.final = nil
		o.out.Note(node.Note{Kind: node.NoteStage, Text: workload.StageFinal})
		return
	}
	o.asking = true
	op := &o.reads[o.reading]
	o.talk = Talk{out: o.talk.out[:0], renamed: o.final.peer.Renamed}
	op.work.kind.begin(op, &o.talk)
	op.note(o.out, observerName, o.final.peer.Name).Final = true
	o.final.say(o.out, op, &o.talk)
}

// read takes a reply to a final read.
func (o *Observer) read(r resp.Reply) {
	if o.final.selecting {
		o.final.selecting = false
		return
	}
	if !o.asking {
		return
	}
	op, t := &o.reads[o.reading], &o.talk
	t.heard++
	op.work.kind.hear(op, t, r)
	if t.over() {
		o.endRead(t.end, t.result, t.text)
		o.reading++
		o.readNext()
	}
}

// endRead notes the outcome of a final read.
func (o *Observer) endRead(kind node.NoteKind, result histories.Value, why string) {
	o.asking = false
	n := o.out.NewNote(kind)
	n.Process, n.Text = observerName, why
	if !result.IsNothing() {
		n.Result = result.String()
	}
}
