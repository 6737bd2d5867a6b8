package report

import (
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// series is a server's replication offset over time. Where the server was down, the line is broken: a point with
// offset -1; and where one that notes nothing itself was not seen for a while.
type series struct {
	Name   string  `json:"name"`
	Time   []int64 `json:"t"` // each from the one before
	Offset []int64 `json:"offset"`
	ReplID []int   `json:"replid"` // index of a text
}

// newSeries takes every note that says where a server was in its stream, whoever observed it.
func newSeries(h *histories.History, t *texts) []series {
	all := []series{}
	at := map[string]int{}
	last := map[string]int64{}
	speaks := map[string]bool{}
	for i := range h.Notes {
		if n := &h.Notes[i]; n.Kind == "state" && n.From == "" {
			speaks[n.Machine] = true
		}
	}
	add := func(machine string, when time.Duration, offset int64, replid int) {
		i := at[machine] - 1
		if i < 0 {
			return
		}
		s := &all[i]
		if n := len(s.Time); n > 0 && !speaks[machine] && s.Offset[n-1] >= 0 && micros(when)-last[machine] > micros(silence) {
			s.Time, s.Offset, s.ReplID = append(s.Time, 0), append(s.Offset, -1), append(s.ReplID, 0)
		}
		if n := len(s.Time); n > 1 && s.Offset[n-1] == offset && s.Offset[n-2] == offset && s.ReplID[n-1] == replid && s.ReplID[n-2] == replid {
			s.Time[n-1] += micros(when) - last[machine] // a level stretch needs its two ends only
		} else {
			s.Time, s.Offset, s.ReplID = append(s.Time, micros(when)-last[machine]), append(s.Offset, offset), append(s.ReplID, replid)
		}
		last[machine] = micros(when)
	}
	server := func(name string) {
		if at[name] == 0 {
			all = append(all, series{Name: name, Time: []int64{}, Offset: []int64{}, ReplID: []int{}})
			at[name] = len(all)
		}
	}
	for _, m := range h.Machines {
		if m.Kind == "server" {
			server(m.Name)
		}
	}
	for i := range h.Notes {
		switch n := &h.Notes[i]; n.Kind {
		case "state":
			server(n.Machine)
			add(n.Machine, n.Time, n.Offset, t.index(n.ReplID))
		case "digest", "promoted", "resync":
			if n.ReplID != "" {
				add(n.Machine, n.Time, n.Offset, t.index(n.ReplID))
			}
		case "down":
			add(n.Machine, n.Time, -1, 0)
		}
	}
	return all
}
