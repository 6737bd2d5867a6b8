package histories_test

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
)

func TestFormatListsEveryFieldOfANoteAndTheHeader(t *testing.T) {
	doc, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	for _, of := range []any{histories.Note{}, histories.Header{}, histories.Machine{}, histories.Footer{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			require.Contains(t, string(doc), "`"+name+"`", "FORMAT.md does not mention %s of %T", name, of)
		}
	}
}

func TestTheExampleInFormatReads(t *testing.T) {
	doc, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```\n(\\{.*?)```").FindSubmatch(doc)
	require.NotNil(t, block)
	h, err := histories.Read(strings.NewReader(string(block[1])))
	require.NoError(t, err)
	require.True(t, h.Complete)
	require.Len(t, h.Ops, 2)
	require.Len(t, h.Faults, 1)
}

// Every line is what encoding/json would make of the same fields, so that no reader is surprised.
func TestNotesAreRenderedAsTheirTagsSay(t *testing.T) {
	n := histories.Note{Time: 5, Machine: "m1", Kind: "state", From: "observer", Role: "master", Link: "up", ReplID: "a", ReplID2: "b",
		Offset: 1, Offset2: 2, Peer: "p", Result: "r", Reason: "x", AskedID: "y", AskedOffset: 3, Digest: "d", N: 4, M: 5, ID: "i",
		Master: "mm", Leader: "l", Epoch: 6, Event: "+e", Text: "t\x01\"<>&\u2028", Key: "k", Took: 7}
	v := reflect.ValueOf(n)
	for i := range v.NumField() {
		require.False(t, v.Field(i).IsZero(), "%s is not tested", v.Type().Field(i).Name)
	}
	want, err := json.Marshal(n)
	require.NoError(t, err)
	var file strings.Builder
	w := histories.NewWriter(&file, 0)
	w.Note(&n)
	require.JSONEq(t, string(want), file.String())
}
