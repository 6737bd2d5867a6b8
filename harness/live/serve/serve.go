//go:build unix

package serve

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"

	"github.com/ordeal-go/ordeal/node/host"
)

// Core runs the core called name, which core makes from the process's arguments, if that is what this process was started
// for: then it does not return. Call it first in main, and in TestMain.
func Core(name string, core Maker) {
	if len(os.Args) < 3 || os.Args[1] != word || os.Args[2] != name {
		return
	}
	h := host.Start(core(os.Args[3:], rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))), host.Config{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		if s, ok := (<-signals).(syscall.Signal); ok {
			h.Stop(int(s))
		}
	}()
	status, err := h.Wait()
	if err != nil {
		fmt.Println(err)
		status = 1
	}
	os.Exit(status)
}
