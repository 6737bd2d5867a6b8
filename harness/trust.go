package harness

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/ordeal-go/ordeal/nemesis"
)

// Limits of a scenario file. The largest of the catalogue has 2 KB; a shrunk one names each of its operations.
const (
	textMax  = 1 << 20 // bytes
	depthMax = 16      // of lists and maps in each other, on one line
)

// errTrust ends every refusal of what a scenario file may do only if it is trusted.
var errTrust = errors.New("a scenario file may do that only with --trust: read it, and give --trust if it is yours")

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
			return &FileError{name, at, t.Position.Column, errors.New("a scenario file has no anchors and aliases: write out what they stand for, or quote the text")}
		case token.TagType, token.DirectiveType, token.MappingKeyType:
			return &FileError{name, at, t.Position.Column, fmt.Errorf("a scenario file has no %q: quote the text if it begins with that", t.Value)}
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			entries++
		}
		if depth > depthMax || entries > depthMax {
			return &FileError{name, at, t.Position.Column, fmt.Errorf("lists and maps stand more than %d deep in each other", depthMax)}
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

// distrust notes everything in s that needs trust.
func (p *parsing) distrust(s Scenario) {
	for _, risk := range s.System.Risks(s.Workload, s.Faults) {
		p.wrong(p.find(risk.Path...), fmt.Errorf("%s: %w", risk.Why, errTrust))
	}
	for i, step := range s.Faults {
		if f := step.Fault; f.Verb == nemesis.RunAs && !KnownProgram(f.Text("program")) {
			p.wrong(p.find("faults", fmt.Sprint(i)), fmt.Errorf("%q: it runs a program of its choice: %w", step, errTrust))
		}
	}
}

// KnownProgram says whether a command is one that a scenario, or a run somebody else has kept, may have run: it has no
// arguments, and is found in PATH.
func KnownProgram(command string) bool {
	return slices.Contains(knownPrograms, strings.TrimSpace(command))
}

// knownPrograms are what a scenario may put in the place of a server without being trusted.
var knownPrograms = []string{"ordeal-node", "redis-server", "valkey-server"}
