package toxic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/gorilla/mux"
)

// Handler is toxiproxy's HTTP API over this network: it shows the links and what is in force on them, and adds,
// changes and removes toxics beside ours, so that toxiproxy-cli works. Whatever would break a run is refused: to
// create, change, delete or reset proxies, and to touch the nemesis toxic. Serve it on a loopback address only: it has no authentication.
func (n *Network) Handler() http.Handler {
	r := mux.NewRouter()
	r.HandleFunc("/version", n.api.Version).Methods("GET")
	r.HandleFunc("/proxies", n.api.ProxyIndex).Methods("GET")
	r.HandleFunc("/proxies/{proxy}", n.api.ProxyShow).Methods("GET")
	r.HandleFunc("/proxies/{proxy}/toxics", n.api.ToxicIndex).Methods("GET")
	r.HandleFunc("/proxies/{proxy}/toxics", refuseTypes(n.api.ToxicCreate, toxicType)).Methods("POST")
	r.HandleFunc("/proxies/{proxy}/toxics/{toxic}", n.api.ToxicShow).Methods("GET")
	r.HandleFunc("/proxies/{proxy}/toxics/{toxic}", refuseOurs(n.api.ToxicUpdate)).Methods("POST")
	r.HandleFunc("/proxies/{proxy}/toxics/{toxic}", refuseOurs(n.api.ToxicDelete)).Methods("DELETE")
	r.NotFoundHandler = http.HandlerFunc(notHere)
	r.MethodNotAllowedHandler = http.HandlerFunc(notHere)
	return r
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
