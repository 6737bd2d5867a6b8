package hole

import (
	"sync"        // want: import
	"sync/atomic" // want: import
)

func counted() (n int64) {
	var wg sync.WaitGroup
	wg.Go(func() { atomic.AddInt64(&n, 1) })
	go func() { atomic.AddInt64(&n, 1) }() // want: goroutine
	wg.Wait()
	return n
}
