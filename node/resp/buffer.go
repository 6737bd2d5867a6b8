package resp

// keepBuffer is how much memory an idle parser keeps, in bytes: one huge request must not pin its memory for ever.
const keepBuffer = 1 << 20

// buffer is the part of a stream that has arrived and is still needed.
type buffer struct {
	bytes []byte
	start int // of the element that is being read; everything before is done with
}

// feed adds b to the stream.
func (u *buffer) feed(b []byte) {
	if u.start == len(u.bytes) {
		u.start, u.bytes = 0, u.bytes[:0]
		if cap(u.bytes) > keepBuffer {
			u.bytes = nil
		}
	} else if u.start > 0 && len(u.bytes)+len(b) > cap(u.bytes) {
		// Half a request is left over: moving it down is cheaper than growing.
		u.bytes = u.bytes[:copy(u.bytes, u.bytes[u.start:])]
		u.start = 0
	}
	u.bytes = append(u.bytes, b...)
}

// unread is what has arrived and has not been returned.
func (u *buffer) unread() []byte { return u.bytes[u.start:] }
