//go:build ordeal_mutexes

package clients

import (
	_ "unsafe" // for linkname
)

// With the tag ordeal_mutexes, which needs the linker's flag -checklinkname=0, the runtime is told that a goroutine that
// waits for a mutex is durably blocked: whoever holds it is in the bubble as well, and the bubble's clock brings on what
// that waits for. The tables are the runtime's own: what it calls the reasons for which goroutines wait, and which of
// them testing/synctest counts. Go: runtime/runtime2.go, waitReasonStrings and isIdleInSynctest.

const durableMutexes = true

//go:linkname waitReasons runtime.waitReasonStrings
var waitReasons [reasonsMax]string

//go:linkname idleInSynctest runtime.isIdleInSynctest
var idleInSynctest [reasonsMax]bool

// reasonsMax is more than there are; only those up to the last mutex's are looked at.
const reasonsMax = 64

func init() {
	left := map[string]bool{"sync.Mutex.Lock": true, "sync.RWMutex.RLock": true, "sync.RWMutex.Lock": true}
	for i := 0; len(left) > 0; i++ {
		if i == reasonsMax {
			panic("clients: this version of Go calls waiting for a mutex by another name: run the test without -tags ordeal_mutexes")
		}
		if left[waitReasons[i]] {
			idleInSynctest[i] = true
			delete(left, waitReasons[i])
		}
	}
}
