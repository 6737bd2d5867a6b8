package server

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// LATENCY: what kept the whole server waiting for at least latency-monitor-threshold. Within a Step there is no clock:
// what is known is how long a command waited for a file, or slept. Redis 4.0: latency.c.

// latencySamples is how many samples are kept of an event. Redis 4.0: latency.h, LATENCY_TS_LEN.
const latencySamples = 160

// latencyEvent is one kind of wait. At most one sample is kept of a second, its longest.
type latencyEvent struct {
	name    string
	max     int64 // ms, of all since the last reset
	samples []latencySample
}

type latencySample struct{ at, ms int64 } // Unix time in seconds

// addCommandLatency notes that a command kept the server for d.
func (s *Server) addCommandLatency(cmd *front.Command, d time.Duration) {
	if cmd.Is(front.Fast) {
		s.addLatency("fast-command", d)
	} else {
		s.addLatency("command", d)
	}
}

// addLatency notes that the event of that name kept the server for d.
func (s *Server) addLatency(name string, d time.Duration) {
	ms := d.Milliseconds()
	if s.cfg.latencyThreshold == 0 || ms < s.cfg.latencyThreshold {
		return
	}
	i, found := slices.BinarySearchFunc(s.latency, name, func(e latencyEvent, name string) int { return strings.Compare(e.name, name) })
	if !found {
		s.latency = slices.Insert(s.latency, i, latencyEvent{name: name})
	}
	e := &s.latency[i]
	e.max = max(e.max, ms)
	at := s.now.Unix()
	if n := len(e.samples); n > 0 && e.samples[n-1].at == at {
		e.samples[n-1].ms = max(e.samples[n-1].ms, ms)
		return
	}
	if len(e.samples) == latencySamples {
		e.samples = slices.Delete(e.samples, 0, 1)
	}
	e.samples = append(e.samples, latencySample{at, ms})
	node.Assert(len(e.samples) <= latencySamples, "%d samples of %s", len(e.samples), name)
}

func (s *Server) latencyNamed(name []byte) *latencyEvent {
	for i := range s.latency {
		if s.latency[i].name == string(name) {
			return &s.latency[i]
		}
	}
	return nil
}

func (s *Server) latencyCommand(c *front.Call) {
	switch sub := c.Option(1); {
	case sub == "LATEST" && len(c.Args) == 2:
		c.Array(len(s.latency))
		for _, e := range s.latency {
			last := e.samples[len(e.samples)-1]
			c.Array(4)
			c.Text(e.name)
			c.Int(last.at)
			c.Int(last.ms)
			c.Int(e.max)
		}
	case sub == "HISTORY" && len(c.Args) == 3:
		e := s.latencyNamed(c.Args[2])
		if e == nil {
			c.Array(0)
			return
		}
		c.Array(len(e.samples))
		for _, sample := range e.samples {
			c.Array(2)
			c.Int(sample.at)
			c.Int(sample.ms)
		}
	case sub == "RESET":
		c.Int(s.resetLatency(c.Args[2:]))
	case sub == "GRAPH" && len(c.Args) == 3:
		e := s.latencyNamed(c.Args[2])
		if e == nil {
			c.Error("ERR No samples available for event '" + string(c.Args[2]) + "'")
			return
		}
		c.Text(e.graph(s.now.Unix()))
	case sub == "DOCTOR" && len(c.Args) == 2:
		c.Text(s.latencyDoctor())
	default:
		c.Error(front.ErrSyntax)
	}
}

// resetLatency forgets the named events, or all if none is named, and returns how many it forgot.
func (s *Server) resetLatency(names [][]byte) int64 {
	before := len(s.latency)
	s.latency = slices.DeleteFunc(s.latency, func(e latencyEvent) bool {
		return len(names) == 0 || slices.ContainsFunc(names, func(name []byte) bool { return string(name) == e.name })
	})
	return int64(before - len(s.latency))
}

// graph draws the samples, one a line, the latest last, with bars that are relative to the longest.
func (e *latencyEvent) graph(now int64) string {
	const width = 60
	longest := int64(0)
	for _, sample := range e.samples {
		longest = max(longest, sample.ms)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms (all time high %d ms)\n", e.name, longest, e.max)
	for _, sample := range e.samples {
		bar := strings.Repeat("#", int(max(1, sample.ms*width/max(longest, 1))))
		fmt.Fprintf(&b, "%6ds ago %8d ms %s\n", now-sample.at, sample.ms, bar)
	}
	return b.String()
}

func (s *Server) latencyDoctor() string {
	switch {
	case s.cfg.latencyThreshold == 0:
		return "Nothing is sampled: CONFIG SET latency-monitor-threshold <milliseconds> begins to.\n"
	case len(s.latency) == 0:
		return "Nothing has kept this server for as long as latency-monitor-threshold.\n"
	}
	var b strings.Builder
	for _, e := range s.latency {
		sum := int64(0)
		for _, sample := range e.samples {
			sum += sample.ms
		}
		fmt.Fprintf(&b, "%s: %d samples, mean %d ms, worst %d ms. SLOWLOG GET names the commands.\n", e.name, len(e.samples),
			sum/int64(len(e.samples)), e.max)
	}
	return b.String()
}
