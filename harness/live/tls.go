package live

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// authority signs the certificates of one run. Its own key is never written down.
type authority struct {
	key    *ecdsa.PrivateKey
	cert   *x509.Certificate
	issued int64
	// caller is how the harness's own cores call: with a certificate of theirs, and trusting those of this authority only.
	caller *tls.Config
}

// certificateLife is how long certificates hold, from a day before now: machines' clocks may be wrong.
const certificateLife = 30 * 24 * time.Hour

func newAuthority() (*authority, error) {
	a := &authority{}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	template := a.template("ordeal test authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	cert, key, err := a.issue("ordeal")
	if err != nil {
		return nil, err
	}
	own, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	a.caller = &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	return a, nil
}

func (a *authority) template(name string) *x509.Certificate {
	a.issued++
	return &x509.Certificate{SerialNumber: big.NewInt(a.issued), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(certificateLife)}
}

// issue makes a key and its certificate, for listening at the addresses and for calling, as PEM.
func (a *authority) issue(name string, addresses ...string) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := a.template(name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, addr := range addresses {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(addr))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	return inPEM("CERTIFICATE", der), inPEM("PRIVATE KEY", secret), err
}

func inPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// equip puts a machine's certificate and key, and the authority's certificate, where its configuration says they are.
func (a *authority) equip(m *cluster.Machine) error {
	cert, key, err := a.issue(m.Name, m.Host, m.Announce)
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{cluster.TLSCert: cert, cluster.TLSKey: key, cluster.TLSAuthority: inPEM("CERTIFICATE", a.cert.Raw)} {
		path := filepath.Join(m.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// encrypt stands between a core of the harness, which speaks in the clear, and the link to a machine that speaks TLS:
// what is returned carries what caller sends, encrypted, and is to be led over the link in its place. Whatever the link
// does to it, the core sees: an end, a reset, silence.
func (w *World) encrypt(to *cluster.Machine, caller *net.TCPConn) (*net.TCPConn, error) {
	outer, inner, err := pair(w.ctx)
	if err != nil {
		return nil, err
	}
	config := w.authority.caller.Clone()
	config.ServerName = to.Announce
	secure := tls.Client(inner, config)
	w.work.Go(func() {
		defer caller.Close()
		defer inner.Close()
		defer context.AfterFunc(w.ctx, func() { caller.Close(); inner.Close() })()
		var both sync.WaitGroup
		both.Go(func() {
			_, err := io.Copy(secure, caller)
			if err == nil {
				err = secure.CloseWrite()
			}
			pass(err, inner)
		})
		both.Go(func() {
			_, err := io.Copy(caller, secure)
			pass(err, caller)
			if err != nil {
				caller.Close() // the core is told at once, and the other direction ends
			}
		})
		both.Wait()
	})
	return outer, nil
}

// pass passes on how a direction ended: an orderly end as one, anything else as a reset.
func pass(err error, to *net.TCPConn) {
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // a peer that is killed says no goodbye, but ends in order
		to.SetLinger(0)
		to.Close()
		return
	}
	to.CloseWrite()
}

// pair is the two ends of a connection within this process.
func pair(ctx context.Context) (a, b *net.TCPConn, err error) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	var d net.Dialer
	dialled, err := d.DialContext(ctx, "tcp4", l.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	for {
		accepted, err := l.AcceptTCP()
		if err != nil {
			dialled.Close()
			return nil, nil, err
		}
		if accepted.RemoteAddr().String() == dialled.LocalAddr().String() {
			return accepted, dialled.(*net.TCPConn), nil
		}
		accepted.Close() // somebody else's, who tries all ports
	}
}

// needsTLS says whether a machine of the run speaks TLS.
func needsTLS(machines []cluster.Machine) bool {
	for _, m := range machines {
		if m.TLS {
			return true
		}
	}
	return false
}

// openAuthority makes the run's authority, if a machine needs one.
func (w *World) openAuthority() (err error) {
	if !needsTLS(w.cfg.Machines) {
		return nil
	}
	if w.authority, err = newAuthority(); err != nil {
		return fmt.Errorf("live: no authority for certificates: %w", err)
	}
	return nil
}
