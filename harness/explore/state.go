package explore

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// mode is whether a machine takes part.
type mode uint8

const (
	up mode = iota
	down
	paused
)

// machine is where one machine stands.
type machine struct {
	at     localID // when down: where it was, for its disk
	mode   mode
	ticked bool  // in this round
	missed uint8 // rounds while it was paused
}

// packet is under way on a connection.
type packet struct {
	what happening // accepts: it asks for the connection; connects, refused: the answer; hears; loses: the end
	msg  msgID     // hears
	age  uint8     // rounds that have ended since it was sent
}

// pipe is what is under way on a connection in one direction, the oldest first; never empty.
type pipe struct {
	conn    connName
	to      uint8
	packets []packet
}

func (p *pipe) from() int { return p.conn.peer(int(p.to)) }

// state is the whole of the cluster.
type state struct {
	round    uint8
	faults   uint8
	machines []machine
	pipes    []pipe   // by connection and direction
	cuts     []uint16 // pairs of machines, in order
	record   recordID
}

// clone is a state that may be changed while s stays.
func (s *state) clone() *state {
	c := *s
	c.machines = slices.Clone(s.machines)
	c.pipes = make([]pipe, len(s.pipes), len(s.pipes)+8)
	for i, p := range s.pipes {
		c.pipes[i] = pipe{p.conn, p.to, slices.Clone(p.packets)}
	}
	c.cuts = slices.Clone(s.cuts)
	return &c
}

// encode writes s so that equal states are equal bytes.
func (s *state) encode(b []byte) []byte {
	b = append(b, s.round, s.faults)
	b = binary.AppendUvarint(b, uint64(s.record))
	for _, m := range s.machines {
		flags := byte(m.mode) << 1
		if m.ticked {
			flags |= 1
		}
		b = append(b, flags, m.missed)
		b = binary.AppendUvarint(b, uint64(m.at))
	}
	b = append(b, byte(len(s.cuts)))
	for _, c := range s.cuts {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	for _, p := range s.pipes {
		b = binary.BigEndian.AppendUint16(b, uint16(p.conn))
		b = append(b, p.to, byte(len(p.packets)))
		for _, k := range p.packets {
			b = append(b, byte(k.what), k.age)
			b = binary.AppendUvarint(b, uint64(k.msg))
		}
	}
	return b
}

// decode reads what encode wrote of a cluster of n machines.
func decode(b []byte, n int) *state {
	s := &state{round: b[0], faults: b[1], machines: make([]machine, n)}
	b = b[2:]
	number := func() uint64 {
		x, size := binary.Uvarint(b)
		b = b[size:]
		return x
	}
	s.record = recordID(number())
	for i := range s.machines {
		flags, missed := b[0], b[1]
		b = b[2:]
		s.machines[i] = machine{at: localID(number()), mode: mode(flags >> 1), ticked: flags&1 == 1, missed: missed}
	}
	cuts := int(b[0])
	b = b[1:]
	for range cuts {
		s.cuts = append(s.cuts, binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	for len(b) > 0 {
		p := pipe{conn: connName(binary.BigEndian.Uint16(b)), to: b[2], packets: make([]packet, b[3])}
		b = b[4:]
		for i := range p.packets {
			what, age := happening(b[0]), b[1]
			b = b[2:]
			p.packets[i] = packet{what, msgID(number()), age}
		}
		s.pipes = append(s.pipes, p)
	}
	return s
}

// hash is a state's name among those seen: FNV-1a, 128 bits wide, so that two of a billion states do not share one.
func hash(b []byte) [2]uint64 {
	const primeHigh, primeLow = 1 << 24, 0x13b
	high, low := uint64(0x6c62272e07bb0142), uint64(0x62b821756295c58d)
	for _, c := range b {
		low ^= uint64(c)
		carry, next := bits.Mul64(low, primeLow)
		high = high*primeLow + low*primeHigh + carry
		low = next
	}
	return [2]uint64{high, low}
}

// pipeAt is where the pipe of conn to a machine stands, and whether there is one.
func (s *state) pipeAt(conn connName, to int) (int, bool) {
	return slices.BinarySearchFunc(s.pipes, 0, func(p pipe, _ int) int {
		return cmp.Or(cmp.Compare(p.conn, conn), cmp.Compare(int(p.to), to))
	})
}

// push puts a packet on its way.
func (s *state) push(conn connName, to int, k packet) {
	i, ok := s.pipeAt(conn, to)
	if !ok {
		s.pipes = slices.Insert(s.pipes, i, pipe{conn: conn, to: uint8(to)})
	}
	s.pipes[i].packets = append(s.pipes[i].packets, k)
}

// pop takes the oldest packet of pipe i.
func (s *state) pop(i int) packet {
	k := s.pipes[i].packets[0]
	s.pipes[i].packets = s.pipes[i].packets[1:]
	if len(s.pipes[i].packets) == 0 {
		s.pipes = slices.Delete(s.pipes, i, i+1)
	}
	return k
}

// spill forgets what is under way on conn to a machine that no longer has it, but for requests to connect.
func (s *state) spill(conn connName, to int) {
	i, ok := s.pipeAt(conn, to)
	if !ok {
		return
	}
	s.pipes[i].packets = slices.DeleteFunc(s.pipes[i].packets, func(k packet) bool { return k.what != accepts })
	if len(s.pipes[i].packets) == 0 {
		s.pipes = slices.Delete(s.pipes, i, i+1)
	}
}

// ending says whether the end of conn is on its way to a machine: what that one sends on it is heard by nobody.
func (s *state) ending(conn connName, to int) bool {
	i, ok := s.pipeAt(conn, to)
	return ok && slices.ContainsFunc(s.pipes[i].packets, func(k packet) bool { return k.what == loses })
}

// pair names two machines, whichever comes first.
func pair(a, b int) uint16 { return uint16(min(a, b)<<8 | max(a, b)) }

func (s *state) isCut(a, b int) bool {
	return len(s.cuts) > 0 && slices.Contains(s.cuts, pair(a, b))
}
