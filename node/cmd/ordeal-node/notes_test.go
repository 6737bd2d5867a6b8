package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

func TestNotesAreLinesOfJSONAndOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.jsonl")
	for offset := range int64(2) { // two lives of one node
		n, err := openNotes(path)
		require.NoError(t, err)
		n.write(1_000_000_000, &node.Note{Kind: node.NoteState, Role: "master", Offset: offset + 1})
		n.file.Close()
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, `{"at":1000000000,"note":"state","role":"master","offset":1}
{"at":1000000000,"note":"state","role":"master","offset":2}
`, string(got))
	_, err = openNotes("/nonexistent/notes")
	require.ErrorContains(t, err, "--ordeal-notes")
}
