package workload

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// ClientsMax is how many clients a run can have: each needs an address in the live world.
const ClientsMax = 50

// Spec is what the clients of a scenario do: how many there are, how fast they work, and at what. Every client does all
// of the works of the mix, over the same connections, each on keys of its own.
type Spec struct {
	Clients int    // 1..50
	Rate    int    // operations a second of each client, 1..1000
	Ops     string // only these operations of each client, as [ParseOps] reads them; "": all
	Mix     []Work // one or more
}

// Work is one kind of work in a mix.
type Work struct {
	Name         string  // of the workload in the history; "": as the kind
	Kind         string  // of the system's kinds
	Weight       int     // its share of the operations among those of the others, 1..100
	Keys         int     // 1..1000
	Reads        Percent // of its operations
	ReplicaReads Percent // of its reads: asked of any server but the master
	Probes       Percent // of its writes: sent to a replica, which must refuse
	DB           int     // the database that its keys are in, 0..15; kinds that use several say so
	// Commands are templates of kind "raw": words with {key}, {other} (another key), {value} and {n} (a small number) in
	// them.
	Commands []string
}

// Percent is a share written as "50%".
type Percent float64

// MarshalYAML writes the percent as "50%".
func (p Percent) MarshalYAML() (any, error) { return p.String(), nil }

func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// UnmarshalYAML reads "50%".
func (p *Percent) UnmarshalYAML(text []byte) error {
	word := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	f, err := strconv.ParseFloat(strings.TrimSuffix(word, "%"), 64)
	if err != nil || !strings.HasSuffix(word, "%") || f < 0 || f > 100 {
		return fmt.Errorf("%q is no share: write it as 0%% to 100%%", word)
	}
	*p = Percent(f)
	return nil
}

// WithDefaults fills in what the scenario left out; what kind of work is not said is the first of the system's.
func (s Spec) WithDefaults(kinds []Kind) Spec {
	setDefault(&s.Clients, 5)
	setDefault(&s.Rate, 20)
	if len(s.Mix) == 0 {
		s.Mix = []Work{kinds[0].Usual}
	}
	s.Mix = slices.Clone(s.Mix)
	for i := range s.Mix {
		w := &s.Mix[i]
		setDefault(&w.Kind, kinds[0].Name)
		setDefault(&w.Weight, 1)
		setDefault(&w.Keys, 5)
		if w.Name == "" {
			w.Name = s.freeName(w.Kind)
		}
	}
	return s
}

// freeName is the kind's name, with a number behind it if another work has that name.
func (s Spec) freeName(kind string) string {
	name := kind
	for n := 2; slices.ContainsFunc(s.Mix, func(w Work) bool { return w.Name == name }); n++ {
		name = fmt.Sprintf("%s-%d", kind, n)
	}
	return name
}

func setDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Check says what is wrong with the workload, or nil. It expects the defaults filled in.
func (s Spec) Check(kinds []Kind) error {
	switch {
	case s.Clients < 1 || s.Clients > ClientsMax:
		return fmt.Errorf("workload: clients: %d is not between 1 and %d", s.Clients, ClientsMax)
	case s.Rate < 1 || s.Rate > 1000:
		return fmt.Errorf("workload: rate: %d is not between 1 and 1000 operations a second", s.Rate)
	case len(s.Mix) == 0:
		return errors.New("workload: there is none: name a kind")
	}
	if ops, err := ParseOps(s.Ops); err != nil {
		return fmt.Errorf("workload: ops: %w", err)
	} else {
		for _, r := range ops {
			if i, err := strconv.Atoi(strings.TrimPrefix(r.Client, "c")); err != nil || i < 1 || i > s.Clients {
				return fmt.Errorf("workload: ops: there is no client %q: there are c1 to c%d", r.Client, s.Clients)
			}
		}
	}
	names := map[string]bool{} // to look up only
	for _, w := range s.Mix {
		if names[w.Name] {
			return fmt.Errorf("workload: two are called %q: give one of them another name", w.Name)
		}
		names[w.Name] = true
		if err := w.check(kinds); err != nil {
			return fmt.Errorf("workload: %w", err)
		}
	}
	return nil
}

func (w Work) check(kinds []Kind) error {
	kind, err := ByName(kinds, w.Kind)
	switch {
	case err != nil:
		return err
	case !workName.MatchString(w.Name):
		return fmt.Errorf("name: %q is no name: use lower-case letters, digits and dashes", w.Name)
	case w.Weight < 1 || w.Weight > 100:
		return fmt.Errorf("%s: weight: %d is not between 1 and 100", w.Name, w.Weight)
	case w.Keys < 1 || w.Keys > 1000:
		return fmt.Errorf("%s: keys: %d is not between 1 and 1000", w.Name, w.Keys)
	}
	for _, p := range []Percent{w.Reads, w.ReplicaReads, w.Probes} {
		if p < 0 || p > 100 {
			return fmt.Errorf("%s: shares go from 0%% to 100%%", w.Name)
		}
	}
	if kind.Check != nil {
		return kind.Check(w)
	}
	return nil
}

// Keys are the keys of the work of that name, "" for the first: those that the observer reads once more at the end.
func (s Spec) Keys(name string) []string {
	for i, w := range s.Mix {
		if name == "" || name == w.Name {
			return s.KeysOf(i)
		}
	}
	return nil
}

// KeysOf are the keys of work i of the mix. Works beside others have their names before them.
func (s Spec) KeysOf(i int) []string {
	prefix := "k"
	if label := s.Label(i); label != "" {
		prefix = label + ":"
	}
	keys := make([]string, s.Mix[i].Keys)
	for k := range keys {
		keys[k] = prefix + strconv.Itoa(k+1)
	}
	return keys
}

// Label is what the history calls work i of the mix: "" if it is the only one.
func (s Spec) Label(i int) string {
	if len(s.Mix) == 1 {
		return ""
	}
	return s.Mix[i].Name
}

// Clients returns the names of the workload's clients.
func Clients(s Spec) []string {
	names := make([]string, s.Clients)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	return names
}

// Workloads is what a history's header says of the works.
func Workloads(s Spec, kinds []Kind) []histories.Workload {
	var all []histories.Workload
	for _, w := range s.Mix {
		kind, err := ByName(kinds, w.Kind)
		if err != nil {
			continue // Check refuses it
		}
		of := histories.Workload{Name: w.Name, Kind: kind.Name, Model: kind.Model}
		if of.Model == of.Kind {
			of.Model = ""
		}
		all = append(all, of)
	}
	return all
}
