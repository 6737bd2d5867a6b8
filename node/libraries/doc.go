// Package libraries holds ordeal-node to what other people's programs expect of a Redis: clients, a rate limiter, locks, a
// queue of jobs, each unchanged. It is a module of its own, so that whoever uses ordeal does not get these libraries with
// it. Each test runs on ordeal-node and on the redis-server that is installed.
package libraries
