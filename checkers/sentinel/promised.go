package sentinel

import (
	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
)

func withSentinels(r *checkers.Record) checkers.Promise {
	if len(r.OfKind("sentinel")) == 0 {
		return checkers.Nobody("there is no Sentinel")
	}
	return checkers.Unbroken()
}

func withChoice(r *checkers.Record) checkers.Promise {
	known := map[string]bool{} // replicas, to the Sentinels
	events := evidence.Events(r)
	for i := range events {
		e := &events[i]
		if e.Name == "+try-failover" {
			break
		}
		if e.Name == "+slave" {
			known[e.Instance()] = true
		}
	}
	if len(events) > 0 && len(known) < 2 || len(r.OfKind("server")) < 3 {
		return checkers.Nobody("the Sentinels know one replica, and have no choice")
	}
	return withSentinels(r)
}
