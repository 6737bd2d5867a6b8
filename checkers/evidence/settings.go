package evidence

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// Settings are how the machines of a record were configured, as far as it was observed: what they were laid out with, what
// they told the observer, and what its operator set. The names are those of Redis 4.0.
type Settings struct {
	values  map[string]map[string][]Setting // machine → name → in order of time
	laidOut map[string]bool                 // machines of which the whole configuration is known: what it does not mention is the default
}

// Setting is a value that came into force.
type Setting struct {
	Value string
	Since time.Duration // from the run's start
	Sure  bool          // else the operator who set it got no answer
}

// PriorityDefault is the slave-priority of a server that is given none.
const PriorityDefault = 100

// SettingsOf reads how the machines of a record were configured.
func SettingsOf(r *checkers.Record) *Settings { return checkers.Derived(r, readSettings) }

func readSettings(r *checkers.Record) *Settings {
	s := &Settings{values: map[string]map[string][]Setting{}, laidOut: map[string]bool{}}
	for i := range r.Notes {
		switch n := &r.Notes[i]; {
		case n.Kind == "settings" && n.From == histories.FromLayout:
			s.laidOut[n.Machine] = true
			s.lay(n)
		case n.Kind == "settings":
			s.set(n.Machine, n.Key, Setting{n.Text, n.Time, true})
		case n.Kind == "order" && !strings.HasPrefix(n.Result, "-"):
			s.order(n)
		}
	}
	return s
}

func (s *Settings) set(machine, name string, to Setting) {
	name = older(name)
	of := s.values[machine]
	if of == nil {
		of = map[string][]Setting{}
		s.values[machine] = of
	}
	of[name] = append(of[name], to)
}

// lay takes a line of a configuration file. Lines of save add up, and an empty one takes back those before it; of any
// other setting the last line counts.
func (s *Settings) lay(n *histories.Note) {
	all := s.values[n.Machine][n.Key]
	if last := len(all) - 1; last >= 0 && n.Key == "save" && strings.Trim(n.Text, `"`) != "" && all[last].Since == n.Time {
		all[last].Value += " " + n.Text
		return
	}
	s.set(n.Machine, n.Key, Setting{n.Text, n.Time, true})
}

// order takes CONFIG SET name value and SENTINEL SET master name value.
func (s *Settings) order(n *histories.Note) {
	words := strings.Fields(n.Text)
	sure := strings.HasPrefix(n.Result, "+OK")
	switch {
	case len(words) >= 4 && strings.EqualFold(words[0], "CONFIG") && strings.EqualFold(words[1], "SET"):
		s.set(n.Machine, words[2], Setting{strings.Join(words[3:], " "), n.Time, sure})
	case len(words) >= 5 && strings.EqualFold(words[0], "SENTINEL") && strings.EqualFold(words[1], "SET"):
		s.set(n.Machine, words[3], Setting{strings.Join(words[4:], " "), n.Time, sure})
	}
}

// At is what was in force of a setting at a machine at a moment: of what its configuration does not mention, otherwise,
// since the beginning.
func (s *Settings) At(machine, name, otherwise string, at time.Duration) Setting {
	found := Setting{Value: otherwise, Sure: true}
	for _, set := range s.values[machine][name] {
		if set.Since > at {
			break
		}
		found = set
	}
	found.Value = strings.Trim(found.Value, `"`)
	return found
}

// Number is the same of a setting that is a number.
func (s *Settings) Number(machine, name string, otherwise int, at time.Duration) int {
	n, err := strconv.Atoi(s.At(machine, name, "", at).Value)
	if err != nil {
		return otherwise
	}
	return n
}

// Seconds is the same of a setting that counts seconds.
func (s *Settings) Seconds(machine, name string, otherwise time.Duration, at time.Duration) time.Duration {
	return time.Duration(s.Number(machine, name, int(otherwise/time.Second), at)) * time.Second
}

// Is says whether a setting that is yes or no was yes.
func (s *Settings) Is(machine, name string, otherwise bool, at time.Duration) bool {
	switch strings.ToLower(s.At(machine, name, "", at).Value) {
	case "yes", "true":
		return true
	case "no", "false":
		return false
	}
	return otherwise
}

// Ever are the values of a setting at some moment of the run, at one of machines: those of the layout first.
func (s *Settings) Ever(machines []string, name string) (values []string) {
	add := func(laidOut bool) {
		for _, m := range machines {
			for i, set := range s.values[m][name] {
				if value := strings.Trim(set.Value, `"`); (i == 0) == laidOut && !slices.Contains(values, value) {
					values = append(values, value)
				}
			}
		}
	}
	add(true)
	add(false)
	return values
}

// Missing says of which of machines nobody noted how they were configured, "" if all is known.
func (s *Settings) Missing(machines []string) string {
	for _, m := range machines {
		if !s.laidOut[m] {
			return "nobody noted how " + m + " was configured (notes settings from the layout: FORMAT.md)"
		}
	}
	return ""
}

// newerNames are what Redis 5 calls settings, and what Redis 4.0 does.
var newerNames = map[string]string{
	"replica-serve-stale-data": "slave-serve-stale-data", "replica-read-only": "slave-read-only", "replica-priority": "slave-priority",
	"min-replicas-to-write": "min-slaves-to-write", "min-replicas-max-lag": "min-slaves-max-lag", "repl-ping-replica-period": "repl-ping-slave-period",
}

func older(name string) string {
	name = strings.ToLower(name)
	if older, renamed := newerNames[name]; renamed {
		return older
	}
	return name
}
