package harness

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/nemesis"
)

// Limits of a scenario file. The largest of the catalogue has 2 KB; a shrunk one names each of its operations.
const (
	textMax  = 1 << 20 // bytes
	depthMax = 16      // of lists and maps in each other, on one line
)

// errTrust ends every refusal of what a scenario file may do only if it is trusted.
var errTrust = errors.New("a scenario file may do that only with -trust: read it, and give -trust if it is yours")

// bounded refuses, before the YAML library sees them, texts that it breaks at or that become much more than they are:
// anchors, aliases, tags and deep nesting, which no scenario needs.
func bounded(name string, text []byte) (err error) {
	if len(text) > textMax {
		return &FileError{File: name, Err: fmt.Errorf("%d bytes are more than a scenario has: at most %d are read", len(text), textMax)}
	}
	defer unbroken(name, &err)
	depth, entries, line := 0, 0, 0
	for _, t := range lexer.Tokenize(string(text)) {
		at := t.Position.Line
		if at != line {
			line, entries = at, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return &FileError{name, at, errors.New("a scenario file has no anchors and aliases: write out what they stand for, or quote the text")}
		case token.TagType, token.DirectiveType, token.MappingKeyType:
			return &FileError{name, at, fmt.Errorf("a scenario file has no %q: quote the text if it begins with that", t.Value)}
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			entries++
		}
		if depth > depthMax || entries > depthMax {
			return &FileError{name, at, fmt.Errorf("lists and maps stand more than %d deep in each other", depthMax)}
		}
	}
	return nil
}

// unbroken makes an error of the YAML library's panic.
func unbroken(name string, err *error) {
	if p := recover(); p != nil {
		*err = &FileError{File: name, Err: fmt.Errorf("this is no YAML that can be read: %v", p)}
	}
}

// distrust finds the first thing in s, written in text, that needs trust.
func (s Scenario) distrust(name string, text []byte) error {
	for _, part := range []struct {
		section  string
		settings cluster.Settings
	}{{cluster.SectionServer, s.Config.Server}, {cluster.SectionSentinel, s.Config.Sentinel}} {
		for _, set := range part.settings {
			if why := set.NeedsTrust(); why != "" {
				return &FileError{name, lineOf(text, "$."+part.section+".'"+set.Name+"'"), fmt.Errorf("%s: %q %s: %w", part.section, set.Name, why, errTrust)}
			}
		}
	}
	for _, work := range s.Workload.Mix {
		for _, command := range work.Commands {
			if words := strings.Fields(command); len(words) > 0 && slices.Contains(administration, strings.ToUpper(words[0])) {
				return &FileError{name, lineOf(text, "$.workload"), fmt.Errorf("workload: %q: it administrates a server: %w", command, errTrust)}
			}
		}
	}
	for i, step := range s.Faults {
		if why := stepNeedsTrust(step.Fault); why != "" {
			return &FileError{name, lineOf(text, fmt.Sprintf("$.faults[%d]", i)), fmt.Errorf("%q: it %s: %w", step, why, errTrust)}
		}
	}
	return nil
}

// administration are the commands by which a client can do what configurations can, or reach other computers.
var administration = []string{"ACL", "CLUSTER", "CONFIG", "DEBUG", "FAILOVER", "MIGRATE", "MODULE", "REPLICAOF", "SENTINEL", "SHUTDOWN", "SLAVEOF"}

// stepNeedsTrust says why a fault may stand only in a scenario that is trusted, as the rest of a sentence; "" if it may
// stand in any.
func stepNeedsTrust(f nemesis.Fault) string {
	switch f.Verb {
	case nemesis.ConfigSet, nemesis.SentinelSet:
		return cluster.Setting{Name: f.Text("name"), Value: f.Text("value")}.NeedsTrust()
	case nemesis.RunAs:
		if !KnownProgram(f.Text("program")) {
			return "runs a program of its choice"
		}
	}
	return ""
}

// KnownProgram says whether a command is one that a scenario, or a run somebody else has kept, may have run: it has no
// arguments, and is found in PATH.
func KnownProgram(command string) bool {
	return slices.Contains(knownPrograms, strings.TrimSpace(command))
}

// knownPrograms are what a scenario may put in the place of a server without being trusted.
var knownPrograms = []string{"ordeal-node", "redis-server", "valkey-server"}
