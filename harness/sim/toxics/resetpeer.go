package toxics

import "time"

// ResetPeer loses all data and resets the connection some time after the first of it, or after its end. That it is a
// reset and no orderly close is for the owner of the sockets to see to. Toxiproxy: toxics/reset_peer.go, link.go.
type ResetPeer struct {
	Timeout int64 // ms
}

func (t ResetPeer) buffer() int             { return 0 }
func (t ResetPeer) closesWhenRemoved() bool { return false }

func (t ResetPeer) pipe(s *stub, _ int64, _ Draw) pipe {
	s.wait()
	return &resetPeer{s, t.Timeout}
}

type resetPeer struct {
	*stub
	ms int64
}

func (p *resetPeer) take(now int64, _ Chunk) { p.end(now) }
func (p *resetPeer) end(now int64)           { p.sleep(now, p.ms*int64(time.Millisecond)) }
func (p *resetPeer) due(int64)               { p.close() }
func (p *resetPeer) sent(int64)              {}
func (p *resetPeer) interrupted() []Chunk    { return nil }
