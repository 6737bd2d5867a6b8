package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// Options are what a report shows beyond the history and the verdicts.
type Options struct {
	Page string        // file name of porcupine's page beside the report, "" if there is none
	Took time.Duration // real time of the run, 0 if not known
}

//go:embed page
var files embed.FS

// scripts are joined in this order into one function, so that nothing of theirs is global.
var scripts = []string{"data.js", "view.js", "paint.js", "operations.js", "lanes.js", "timeline.js", "offsets.js", "logs.js", "page.js"}

var page = template.Must(template.New("page.html").ParseFS(files, "page/page.html"))

// HTML writes the report of a run as one self-contained page.
//
// What the history says may be hostile (values and log lines are whatever a server sent): the template escapes it, the
// data is JSON without a "<" in it, the scripts write it as text only, and the page's own policy lets no other script
// run and nothing be fetched.
func HTML(w io.Writer, h *histories.History, verdicts checkers.Verdicts, opts Options) error {
	told := *h
	told.Notes = heard(h)
	h = &told
	timeline, err := json.Marshal(newTimeline(h, verdicts)) // escapes <, > and &
	if err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	style, script := file("page.css"), scriptText()
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		head
		Style  template.CSS
		Script template.JS
		Data   template.JS
		Policy string
	}{newHead(h, verdicts, opts), template.CSS(style), template.JS(script), template.JS(timeline), policy(style, script)})
	if err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// policy is the page's Content-Security-Policy: its own style and script by their hashes, and nothing else.
func policy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", hash(style), hash(script))
}

func scriptText() string {
	var b bytes.Buffer
	b.WriteString("(function () {\n\"use strict\";\n")
	for _, name := range scripts {
		b.WriteString(file(name))
	}
	b.WriteString("})();\n")
	return b.String()
}

// file is the text of an embedded file; that it is there is known when the program is built.
func file(name string) string {
	text, err := files.ReadFile("page/" + name)
	if err != nil {
		panic(err)
	}
	return string(text)
}
