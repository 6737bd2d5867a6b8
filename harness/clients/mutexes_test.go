package clients

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Stack dumps as Go 1.26 writes them, a line of each.
const (
	driver  = "goroutine 20 [synctest.Wait, synctest bubble 1]:\ntesting/synctest.Wait()\n\n"
	holder  = "goroutine 31 [sync.Cond.Wait, synctest bubble 1]:\nsync.(*Cond).Wait()\n\n"
	waiter  = "goroutine 34 [sync.RWMutex.RLock, synctest bubble 1]:\nsync.(*RWMutex).RLock()\n\n"
	another = "goroutine 35 [sync.Mutex.Lock, 2 minutes, synctest bubble 1]:\nsync.(*Mutex).Lock()\n\n"
	runs    = "goroutine 36 [runnable, synctest bubble 1]:\nmain.f()\n\n"
	outside = "goroutine 7 [running]:\nmain.watch()\n\ngoroutine 8 [sync.Mutex.Lock]:\nmain.g()\n\n"
)

func TestABubbleIsStuckWhenAMutexIsAllThatIsWaitedFor(t *testing.T) {
	for _, c := range []struct{ name, stacks, found string }{
		{"a reader waits for a writer", driver + holder + waiter + outside, "goroutine 34"},
		{"it has waited for minutes", outside + driver + another + holder, "goroutine 35"},
		{"somebody still runs", driver + waiter + runs, ""},
		{"nobody waits for a mutex in the bubble", driver + holder + outside, ""},
		{"there is no bubble", outside, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := waitingForMutex(c.stacks)
			require.Equal(t, c.found != "", found != "")
			require.Contains(t, found, c.found)
		})
	}
}

func TestTheErrorOfAStuckBubbleSaysWhatToDo(t *testing.T) {
	require.ErrorContains(t, stuck{waiter}, "clients.Main")
	require.ErrorContains(t, stuck{waiter}, durableFlags)
	require.ErrorContains(t, stuck{waiter}, "goroutine 34")
}
