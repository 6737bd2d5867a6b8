package report

import (
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

// HTML writes the report of a run as one self-contained page.
func HTML(w io.Writer, h *histories.History, verdicts checkers.Verdicts, opts Options) error {
	return nil
}
