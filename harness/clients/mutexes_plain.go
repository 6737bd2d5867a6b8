//go:build !ordeal_mutexes

package clients

const durableMutexes = false
