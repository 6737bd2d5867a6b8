package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/ordeal-go/ordeal/node"
)

// notes is the file that --ordeal-notes names. Notes are rare, some ten a second, so each is written at once: what
// a node observed before it was killed is in the file.
type notes struct{ file *os.File }

// noteLine is a line of it.
type noteLine struct {
	At node.Instant `json:"at"` // the node's wall clock, in ns since the Unix epoch
	*node.Note
}

func openNotes(path string) (*notes, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ordeal-node: --ordeal-notes: %w", err)
	}
	return &notes{f}, nil
}

func (n *notes) write(at node.Instant, note *node.Note) {
	b, err := json.Marshal(noteLine{at, note})
	if err == nil {
		_, err = n.file.Write(append(b, '\n'))
	}
	if err != nil {
		// A judge that misses notes would take silence for evidence.
		fmt.Fprintln(os.Stderr, "ordeal-node: --ordeal-notes:", err)
		os.Exit(1)
	}
}
