package harness

import (
	"os"
	"runtime/debug"
)

// TuneCollector suits Go's collector to a program that plays simulations. A run keeps all of its history, some
// megabytes, and with Go's default half of its memory is collected over and over: letting the heap grow to five times
// what is alive makes runs 15 to 20 % faster. Where that would be much memory, the collector works as hard as it must.
// GOGC and GOMEMLIMIT override it.
func TuneCollector() {
	tune(400, 2<<30)
}

// TuneCollectorForHistory suits it to a program that reads one history, which may be long, and does little beside: what is
// alive then grows to its end, and three times as much would be wasted on garbage.
func TuneCollectorForHistory() { tune(50, 512<<20) }

func tune(percent int, limit int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}
