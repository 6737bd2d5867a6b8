package toxic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// Handler is toxiproxy's HTTP API over this network: it shows the links and what is in force on them, and adds,
// changes and removes toxics beside ours, so that toxiproxy-cli works. Whatever would break a run is refused: to
// create, change, delete or reset proxies, and to touch the nemesis toxic. Serve it on a loopback address only: it has no
// authentication. Pages of the web, which the user's browser may have open, get no answer.
func (n *Network) Handler() http.Handler {
	r := mux.NewRouter()
	for path, routes := range map[string]map[string]http.HandlerFunc{
		"/version":                {"GET": n.api.Version},
		"/proxies":                {"GET": n.api.ProxyIndex},
		"/proxies/{proxy}":        {"GET": n.api.ProxyShow},
		"/proxies/{proxy}/toxics": {"GET": n.api.ToxicIndex, "POST": refuseTypes(n.api.ToxicCreate, toxicType)},
		"/proxies/{proxy}/toxics/{toxic}": {"GET": n.api.ToxicShow, "POST": refuseOurs(n.api.ToxicUpdate),
			"DELETE": refuseOurs(n.api.ToxicDelete)},
	} {
		for method, handle := range routes {
			r.HandleFunc(path, n.inTurn(handle)).Methods(method)
		}
	}
	r.NotFoundHandler = http.HandlerFunc(notHere)
	r.MethodNotAllowedHandler = http.HandlerFunc(notHere)
	return ownOnly(r)
}

// ownOnly refuses what a browser asks for a page: a page of another site, which says so, and one whose name has been made
// to stand for a loopback address, which calls us by that name.
func ownOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		switch {
		case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "":
			refuse(w, "requests of web pages are not answered: use toxiproxy-cli or curl", http.StatusForbidden)
		case host != "localhost" && (ip == nil || !ip.IsLoopback()):
			refuse(w, fmt.Sprintf("this is not %q: call it by its loopback address", host), http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// inTurn lets requests work one at a time, and has the connections of a link be as the request leaves it.
func (n *Network) inTurn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n.registry.Lock()
		next(w, r)
		n.registry.Unlock()
		if l := n.linkCalled(mux.Vars(r)["proxy"]); l != nil && r.Method != http.MethodGet {
			n.atPlaces([]place{{l, l.up}, {l, l.down}}, func(p place) error {
				p.side.settle()
				return nil
			})
		}
	}
}

// linkCalled finds a link by its text, "a->b".
func (n *Network) linkCalled(name string) *Link {
	from, to, _ := strings.Cut(name, "->")
	return n.links[Pair{from, to}]
}

func notHere(w http.ResponseWriter, r *http.Request) {
	refuse(w, fmt.Sprintf("%s %s is not possible in a run of ordeal: its links are those of its machines", r.Method, r.URL.Path), http.StatusMethodNotAllowed)
}

func refuse(w http.ResponseWriter, why string, status int) {
	text, _ := json.Marshal(map[string]any{"error": why, "status": status}) // two plain values: it cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
}

func refuseTypes(next http.HandlerFunc, types ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
		if err != nil {
			refuse(w, "the request could not be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		var asked struct{ Type string }
		if json.Unmarshal(body, &asked) == nil { // a body that is no toxic is for toxiproxy to refuse
			for _, t := range types {
				if asked.Type == t {
					refuse(w, "a toxic of type "+t+" cannot be added by hand in a run of ordeal", http.StatusForbidden)
					return
				}
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next(w, r)
	}
}

func refuseOurs(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch mux.Vars(r)["toxic"] {
		case toxicType + "_upstream", toxicType + "_downstream":
			refuse(w, "this toxic is the nemesis's: add one of toxiproxy's own beside it", http.StatusForbidden)
			return
		}
		next(w, r)
	}
}
