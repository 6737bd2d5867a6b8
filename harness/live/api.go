package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/ordeal-go/ordeal/nemesis/toxic"
)

// apiServer serves toxiproxy's HTTP API, for people who want to see the links of a run.
type apiServer struct {
	addr   string
	server *http.Server
	served chan error
}

func serveAPI(network *toxic.Network) (*apiServer, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("live: the API of the links: %w", err)
	}
	a := &apiServer{addr: l.Addr().String(), server: &http.Server{Handler: network.Handler(), ReadHeaderTimeout: 10 * time.Second},
		served: make(chan error, 1)}
	go func() { a.served <- a.server.Serve(l) }()
	return a, nil
}

func (a *apiServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if a.server.Shutdown(ctx) != nil {
		a.server.Close() // somebody's request hangs; it is cut off
	}
	if err := <-a.served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("live: the API of the links: %w", err)
	}
	return nil
}
