package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ordeal-go/ordeal/node/host"
)

// followClock sets the core's clock as each line of the file says: how far it is from the computer's own, see
// [host.Clock]. Whoever holds the other end of the pipe can make time jump and drift. The first line is there before the
// core starts.
func followClock(path string, cfg *host.Config) error {
	file, err := os.Open(path) // closed by the end of the process
	if err != nil {
		return fmt.Errorf("ordeal-node: --ordeal-clock: %w", err)
	}
	clock := new(host.SetClock)
	cfg.ClockOffset = clock.Offset
	lines := json.NewDecoder(file)
	next := func() error {
		c := new(host.Clock)
		if err := lines.Decode(c); err != nil {
			return err
		}
		clock.Set(c)
		return nil
	}
	if err := next(); err != nil {
		return fmt.Errorf("ordeal-node: --ordeal-clock: its first line: %w", err)
	}
	go func() {
		for {
			if err := next(); err != nil {
				if !errors.Is(err, io.EOF) {
					fmt.Fprintf(os.Stderr, "ordeal-node: --ordeal-clock: the clock goes on as it is: %v\n", err)
				}
				return
			}
		}
	}()
	return nil
}
