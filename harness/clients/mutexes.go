package clients

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// A bubble lets time pass only while each of its goroutines waits for something that only the bubble can bring about.
// Waiting for a sync.Mutex does not count: testing/synctest takes such a goroutine for one that is about to go on. If
// whoever holds the mutex waits for the network, which takes time, nothing ever happens again. Clients do that: they ask
// a Sentinel, or dial, with a mutex held.

// stuckFor is how long nothing may happen in a bubble until somebody looks why, in real time.
const stuckFor = 2 * time.Second

// watch looks from outside whether the bubble still goes on. stop ends it.
func watch(beats *atomic.Uint64) (stop func()) {
	over := make(chan struct{})
	go func() {
		ticker := time.NewTicker(stuckFor)
		defer ticker.Stop()
		last := beats.Load()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
			}
			now := beats.Load()
			if now == last {
				if who := waitingForMutex(allStacks()); who != "" && beats.Load() == now {
					panic(stuck{who})
				}
			}
			last = now
		}
	}()
	return func() { close(over) }
}

// stuck is the end of a test whose bubble cannot go on.
type stuck struct{ goroutine string }

func (s stuck) Error() string {
	return fmt.Sprintf("clients: the bubble is stuck: a goroutine of the client waits for a mutex, while whoever holds it waits for time to pass, "+
		"which testing/synctest does not let happen (CLIENTS.md, \"Mutexes\"). Let the package's TestMain call clients.Main, or run the test with\n\n"+
		"\tgo test %s\n\nThe goroutine that waits:\n\n%s",
		durableFlags, s.goroutine)
}

// durableFlags are those of go test that make waiting for a mutex one that a bubble knows.
const (
	tag          = "ordeal_mutexes"
	durableFlags = "-tags=" + tag + " -ldflags=-checklinkname=0"
)

func allStacks() string {
	for size := 1 << 20; ; size *= 2 {
		b := make([]byte, size)
		if n := runtime.Stack(b, true); n < size {
			return string(b[:n])
		}
	}
}

// inBubbleState is how a stack dump begins the stack of a goroutine in a bubble: "goroutine 7 [sync.Mutex.Lock, synctest bubble 1]:".
var inBubbleState = regexp.MustCompile(`^goroutine \d+(?: gp=\S+)?(?: m=\S+)?(?: mp=\S+)? \[([^,\]]+)[^\]]*synctest bubble`)

// waitingForMutex finds a goroutine in a bubble that waits for a mutex, if none of the bubble's goroutines runs.
func waitingForMutex(stacks string) (found string) {
	for one := range strings.SplitSeq(stacks, "\n\n") {
		m := inBubbleState.FindStringSubmatch(one)
		if m == nil {
			continue
		}
		switch state := m[1]; {
		case strings.HasPrefix(state, "running"), strings.HasPrefix(state, "runnable"), strings.HasPrefix(state, "syscall"), strings.HasPrefix(state, "IO wait"):
			return ""
		case strings.HasPrefix(state, "sync.Mutex."), strings.HasPrefix(state, "sync.RWMutex."):
			found = one
		}
	}
	return found
}
