package live

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// encrypted is a core's connection, the link's end of it, and the machine that speaks TLS behind.
type encrypted struct {
	core    *net.TCPConn
	link    *net.TCPConn // what the link carries
	machine *net.TCPConn // what the machine has of it
	secure  *tls.Conn    // the machine's
	world   *World
}

func encryptedConnection(t *testing.T) *encrypted {
	ctx, cancel := context.WithCancel(t.Context())
	w := &World{ctx: ctx, cancel: cancel}
	t.Cleanup(func() { cancel(); w.work.Wait() })
	var err error
	w.authority, err = newAuthority()
	require.NoError(t, err)
	to := cluster.Machine{Name: "m1", Host: "127.0.0.1", Announce: "127.0.0.2", Dir: t.TempDir()}
	cert, key, err := w.authority.issue(to.Name, to.Host, to.Announce)
	require.NoError(t, err)
	own, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	core, caller, err := pair(ctx)
	require.NoError(t, err)
	link, err := w.encrypt(&to, caller)
	require.NoError(t, err)
	near, machine, err := pair(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { core.Close(); link.Close(); near.Close(); machine.Close() })
	e := &encrypted{core: core, link: link, machine: machine, world: w,
		secure: tls.Server(machine, &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: w.authority.caller.RootCAs})}
	go func() { defer link.CloseWrite(); io.Copy(link, near) }()
	var seen bytes.Buffer
	done := make(chan struct{})
	go func() { defer close(done); defer near.CloseWrite(); io.Copy(near, io.TeeReader(link, &seen)) }()
	t.Cleanup(func() { link.Close(); <-done; require.NotContains(t, seen.String(), "open sesame") })
	for _, c := range []*net.TCPConn{core, machine} {
		require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	}
	return e
}

func TestWhatACoreSaysGoesEncryptedOverTheLinkAndComesBackInTheClear(t *testing.T) {
	t.Parallel()
	e := encryptedConnection(t)
	_, err := io.WriteString(e.core, "open sesame")
	require.NoError(t, err)
	heard := make([]byte, 11)
	_, err = io.ReadFull(e.secure, heard)
	require.NoError(t, err)
	require.Equal(t, "open sesame", string(heard))
	require.Len(t, e.secure.ConnectionState().PeerCertificates, 1, "the core has a certificate of its own")
	_, err = io.WriteString(e.secure, "come in")
	require.NoError(t, err)
	require.NoError(t, e.core.CloseWrite())
	_, err = e.secure.Read(heard)
	require.Equal(t, io.EOF, err, "the core's end is an orderly one")
	require.NoError(t, e.secure.Close())
	all, err := io.ReadAll(e.core)
	require.NoError(t, err)
	require.Equal(t, "come in", string(all))
}

func TestAMachineThatIsKilledEndsAnEncryptedConnectionInOrder(t *testing.T) {
	t.Parallel()
	e := encryptedConnection(t)
	_, err := io.WriteString(e.core, "open sesame")
	require.NoError(t, err)
	_, err = io.ReadFull(e.secure, make([]byte, 11))
	require.NoError(t, err)
	require.NoError(t, e.machine.Close()) // no goodbye
	_, err = e.core.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
}

func TestAResetOfTheLinkIsAResetForTheCore(t *testing.T) {
	t.Parallel()
	e := encryptedConnection(t)
	_, err := io.WriteString(e.core, "open sesame")
	require.NoError(t, err)
	_, err = io.ReadFull(e.secure, make([]byte, 11))
	require.NoError(t, err)
	require.NoError(t, e.link.SetLinger(0))
	require.NoError(t, e.link.Close())
	_, err = e.core.Read(make([]byte, 1))
	require.ErrorContains(t, err, "reset by peer")
}

func TestAWorldThatEndsEndsEncryptedConnections(t *testing.T) {
	t.Parallel()
	e := encryptedConnection(t)
	e.world.cancel()
	e.world.work.Wait()
	_, err := e.core.Read(make([]byte, 1))
	require.Error(t, err)
}
