package cluster

import (
	"fmt"
	"strings"
	"time"
)

// Died is the error of a machine that went down although nobody brought it down. A world's Advance returns it.
type Died struct {
	Machine string
	At      time.Duration
	Why     string   // "exit 1", "invariant broken: …"
	Log     []string // the last lines of its log, oldest first
	Stack   string   // where a core panicked; "" if it did not, or if that cannot be known
}

func (d *Died) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "machine %s went down by itself at %v: %s", d.Machine, d.At, d.Why)
	if len(d.Log) > 0 {
		fmt.Fprintf(&b, "\nits last log lines:")
		for _, line := range d.Log {
			fmt.Fprintf(&b, "\n\t%s", line)
		}
	}
	if d.Stack != "" {
		fmt.Fprintf(&b, "\nwhere it happened:\n%s", d.Stack)
	}
	return b.String()
}
