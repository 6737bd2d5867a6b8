package commands

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/keyspace"
)

// FuzzCommands plays whatever bytes against the commands on data: nothing that a client sends may panic, what is
// counted as a change is propagated, and a snapshot taken before stays as it was.
func FuzzCommands(f *testing.F) {
	for _, seed := range []string{
		"SET a 1 EX 10\r\nINCRBYFLOAT a 0x1p-3\r\nAPPEND a x\r\n",
		"SETRANGE a 20000 x\r\nBITFIELD a OVERFLOW SAT INCRBY i64 #1 9223372036854775807 SET u3 7 -1 GET u63 0\r\nBITPOS a 1 -3 -1\r\n",
		"MULTI\r\nRENAME a b\r\nMOVE b 1\r\nSWAPDB 0 1\r\nEXEC\r\nSCAN 0 COUNT 1\r\nDUMP b\r\nRESTORE b 0 x REPLACE\r\n",
		"MSETNX a 1 b 2\r\nBITOP NOT c a\r\nPEXPIREAT a 1\r\nOBJECT REFCOUNT b\r\nWATCH a\r\nFLUSHALL\r\nPSUBSCRIBE *\r\nPING\r\n",
		"*3\r\n$6\r\nAPPEND\r\n$1\r\na\r\n$3\r\n\x00\xff\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 4<<10 {
			return
		}
		h := newHost(t, takeRows)
		h.cfg.Notify, _ = ParseEvents("AKE")
		c := h.connect()
		h.write(c, "SET before 1\r\nSETRANGE long 40000 x\r\n")
		snapshot := h.data.KS.Snapshot()
		before := keyspace.EncodeRDB(snapshot, keyspace.SaveOptions{})
		h.stream = nil
		dirty := h.data.Dirty
		h.write(c, string(input))
		if h.data.Dirty > dirty {
			require.NotEmpty(t, h.stream, "a change that no replica hears of")
		}
		require.Equal(t, before, keyspace.EncodeRDB(snapshot, keyspace.SaveOptions{}), "a snapshot changed")
	})
}
