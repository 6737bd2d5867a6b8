package cluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Spec says which servers and Sentinels a run has and how they are configured. Its zero value is one master alone.
type Spec struct {
	Replicas  int  `yaml:"replicas"`            // 0..9
	Chain     bool `yaml:"chain,omitempty"`     // r1 replicates from m1, r2 from r1, …; otherwise all from m1
	Sentinels int  `yaml:"sentinels,omitempty"` // 0..9
	Quorum    int  `yaml:"quorum,omitempty"`    // 0: a majority of the Sentinels

	// Machines that are laid out and do not start with the others: replica-add and sentinel-add start them.
	Spares         int `yaml:"spares,omitempty"`          // servers, named after the last replica; with them 0..9
	SpareSentinels int `yaml:"spare-sentinels,omitempty"` // Sentinels, named after the last one; with them 0..9
}

// MasterName is the name by which the Sentinels know the master.
const MasterName = "mymaster"

// Ports on which the machines of every run listen; each machine has an IP of its own.
const (
	ServerPort   = 6379
	SentinelPort = 26379
)

// Limits of a cluster: each machine needs an address in the live world.
const (
	maxReplicas  = 9
	maxSentinels = 9
	MaxClients   = 50
)

// Check says what is wrong with the spec, or nil.
func (s Spec) Check() error {
	switch {
	case s.Replicas < 0 || s.Replicas > maxReplicas:
		return fmt.Errorf("cluster: replicas: %d is not between 0 and %d", s.Replicas, maxReplicas)
	case s.Sentinels < 0 || s.Sentinels > maxSentinels:
		return fmt.Errorf("cluster: sentinels: %d is not between 0 and %d", s.Sentinels, maxSentinels)
	case s.Spares < 0 || s.Replicas+s.Spares > maxReplicas:
		return fmt.Errorf("cluster: spares: %d beside %d replicas is not between 0 and %d", s.Spares, s.Replicas, maxReplicas)
	case s.SpareSentinels < 0 || s.Sentinels+s.SpareSentinels > maxSentinels:
		return fmt.Errorf("cluster: spare-sentinels: %d beside %d Sentinels is not between 0 and %d", s.SpareSentinels, s.Sentinels, maxSentinels)
	case s.Quorum < 0:
		return fmt.Errorf("cluster: quorum: %d is negative", s.Quorum)
	case s.Quorum > s.Sentinels:
		return fmt.Errorf("cluster: quorum %d with %d Sentinels can never be reached: lower the quorum or add a Sentinel", s.Quorum, s.Sentinels)
	}
	return nil
}

// QuorumInForce is the quorum that the Sentinels are configured with.
func (s Spec) QuorumInForce() int {
	if s.Quorum > 0 {
		return s.Quorum
	}
	return s.Sentinels/2 + 1
}

// Setting is one line of a configuration file, without the words that the line starts with by itself.
type Setting struct{ Name, Value string }

// Settings are configuration lines in order. A later line overrides an earlier one of the same name.
type Settings []Setting

// Get returns the value in force of the directive name, or otherwise.
func (s Settings) Get(name, otherwise string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if strings.EqualFold(s[i].Name, name) {
			return s[i].Value
		}
	}
	return otherwise
}

// Millis returns the value of a directive that counts milliseconds, or otherwise.
func (s Settings) Millis(name string, otherwise time.Duration) time.Duration {
	var ms int64
	if _, err := fmt.Sscan(s.Get(name, ""), &ms); err != nil {
		return otherwise
	}
	return time.Duration(ms) * time.Millisecond
}

// UnmarshalYAML reads a map of names to values. A list as value gives one line for each of its items.
func (s *Settings) UnmarshalYAML(text []byte) error {
	var items yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &items, yaml.UseOrderedMap()); err != nil {
		return err
	}
	*s = nil
	for _, item := range items {
		values, ok := item.Value.([]any)
		if !ok {
			values = []any{item.Value}
		}
		for _, v := range values {
			*s = append(*s, Setting{fmt.Sprint(item.Key), settingText(v)})
		}
	}
	return nil
}

// settingText is a YAML scalar as a configuration file has it.
func settingText(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case nil:
		return `""`
	}
	if text := fmt.Sprint(v); text != "" {
		return text
	}
	return `""`
}

// MarshalYAML writes the settings as a map; of a name that stands more than once, a list.
func (s Settings) MarshalYAML() (any, error) {
	var items yaml.MapSlice
	at := map[string]int{}
	for _, set := range s {
		i, again := at[set.Name]
		if !again {
			at[set.Name] = len(items)
			items = append(items, yaml.MapItem{Key: set.Name, Value: set.Value})
			continue
		}
		if list, ok := items[i].Value.([]any); ok {
			items[i].Value = append(list, set.Value)
		} else {
			items[i].Value = []any{items[i].Value, set.Value}
		}
	}
	return items, nil
}
