package hole

import (
	"context"
	"time"

	"github.com/anishathalye/porcupine"
)

func judged(m porcupine.Model, ops []porcupine.Operation) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(m, ops, time.Second) // want: clock
}

func elapsed(began time.Time) time.Duration { return time.Since(began) } // want: clock

func stop(timeout time.Duration) func() bool {
	deadline := time.Now().Add(timeout)                      // want: clock
	return func() bool { return time.Now().After(deadline) } // want: clock
}

var now = time.Now // want: clock

func waited(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second) // want: clock
	defer cancel()
	time.Sleep(time.Millisecond) // want: clock
	return ctx.Err()
}

func zone(t time.Time) string { return t.Local().String() + t.In(time.Local).String() } // want: clock
