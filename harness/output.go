package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/report"
	"github.com/ordeal-go/ordeal/histories"
)

// The files of a run that is kept.
const (
	ScenarioFile = "scenario.yaml"  // the plan with every draw made
	HistoryFile  = "history.jsonl"  //
	VerdictsFile = "verdicts.json"  //
	ReportFile   = "report.html"    //
	PageFile     = "porcupine.html" // porcupine's own page
	TraceFile    = "trace.log"      // every event and effect of a simulation, if asked for
)

// output keeps a run in a folder while it goes on, so that a run that dies leaves its history. A nil *output keeps
// nothing.
type output struct {
	dir    string
	file   *os.File
	writer *histories.Writer
}

func newOutput(opts Options, plan Scenario) (*output, error) {
	if opts.Out == "" {
		return nil, nil
	}
	if err := os.MkdirAll(opts.Out, 0o755); err != nil {
		return nil, fmt.Errorf("the run cannot be kept: %w", err)
	}
	text, err := plan.YAML()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(opts.Out, ScenarioFile), text, 0o644); err != nil {
		return nil, fmt.Errorf("the run cannot be kept: %w", err)
	}
	f, err := os.Create(filepath.Join(opts.Out, HistoryFile))
	if err != nil {
		return nil, fmt.Errorf("the run cannot be kept: %w", err)
	}
	buffer := 1 << 16
	if opts.World == WorldLive {
		buffer = 0 // what happened stays readable however the run ends
	}
	return &output{dir: opts.Out, file: f, writer: histories.NewWriter(f, buffer)}, nil
}

func (o *output) historyWriter() *histories.Writer {
	if o == nil {
		return nil
	}
	return o.writer
}

// finish writes what is known only after the run.
func (o *output) finish(r *Result) error {
	if o == nil {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(o.dir, VerdictsFile), append(text, '\n'), 0o644),
		WriteReport(o.dir, r.History, r),
	)
}

func (o *output) close() {
	if o != nil && o.file != nil {
		o.writer.Flush()
		o.file.Close()
		o.file = nil
	}
}

// WriteReport writes the run's report, and porcupine's page beside it, into dir. A run whose clients were never answered
// has no such page.
func WriteReport(dir string, h *histories.History, r *Result) error {
	page := PageFile
	err := WritePage(filepath.Join(dir, PageFile), h)
	if errors.Is(err, checkers.ErrNothingToShow) {
		page, err = "", os.Remove(filepath.Join(dir, PageFile))
	}
	return errors.Join(err, writeFile(filepath.Join(dir, ReportFile), func(w io.Writer) error {
		return report.HTML(w, h, r.Verdicts, report.Options{Page: page, Took: r.Took.Round(time.Millisecond)})
	}))
}

// WritePage writes porcupine's own page of the history, with the faults as annotations.
func WritePage(path string, h *histories.History) error {
	return writeFile(path, func(w io.Writer) error { return checkers.Linearizable{}.WritePage(w, h) })
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
