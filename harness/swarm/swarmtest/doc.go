// Package swarmtest draws scenarios for tests with rapid, which makes those that fail simpler, and lets go test -fuzz
// look for others guided by coverage.
package swarmtest
