// Package corpus is a collection of small histories with the verdicts that they deserve: for each property one that
// keeps it and one that breaks it, and the cases at the edges. A checker that never failed anything proves nothing.
package corpus

import (
	"bytes"
	"embed"
	"fmt"

	"github.com/ordeal-go/ordeal/histories"
)

//go:embed *.jsonl
var files embed.FS

// Case is one history and what one checker must say of it.
type Case struct {
	Name    string // the file's name without .jsonl
	Checker string
	Want    string // "valid", "invalid" or "unknown"
	// Because is in the text of a finding if invalid, of what is allowed or of the verdict's sentence otherwise.
	Because string
}

// Cases lists all of them.
func Cases() []Case { return cases }

// Open reads the history called name.
func Open(name string) (*histories.History, error) {
	text, err := Text(name)
	if err != nil {
		return nil, err
	}
	h, err := histories.Read(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("corpus %s: %w", name, err)
	}
	return h, nil
}

// Text returns the lines of the history called name.
func Text(name string) ([]byte, error) { return files.ReadFile(name + ".jsonl") }

// Names lists the histories.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded directory can be read
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name()[:len(e.Name())-len(".jsonl")])
	}
	return names
}
