//go:build !unix

package serve

// Core does nothing here: without processes and sockets of Unix there are no live runs.
func Core(string, Maker) {}
