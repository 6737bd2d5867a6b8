package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAReplicaGetsTheDatasetAndThenTheStream(t *testing.T) {
	w := newMiniWorld(t)
	m1 := w.server("m1")
	require.Equal(t, "+OK", w.do("m1", "SET", "before", "1"))
	w.server("r1", "slaveof "+m1.ip+" 6379")
	w.run(3 * time.Second)
	require.Equal(t, "up", w.info("r1", "master_link_status"), "%v", w.machine("r1").log)
	require.Equal(t, "1", w.do("r1", "GET", "before"))
	require.Equal(t, "+OK", w.do("m1", "SET", "after", "2"))
	require.Equal(t, "2", w.do("r1", "GET", "after"))
	w.run(2 * time.Second)
	require.Equal(t, w.info("m1", "master_repl_offset"), w.info("r1", "master_repl_offset"))
	require.Equal(t, w.do("m1", "DEBUG", "DIGEST"), w.do("r1", "DEBUG", "DIGEST"))
	require.Equal(t, "-READONLY You can't write against a read only slave.", w.do("r1", "SET", "a", "1"))
}
