package cluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

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
			*s = append(*s, Setting{fmt.Sprint(item.Key), SettingText(v)})
		}
	}
	return nil
}

// SettingText is a YAML scalar as a configuration file has it.
func SettingText(v any) string {
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
