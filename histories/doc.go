// Package histories is what happened in a run: the clients' operations, the nemesis's faults, what was observed of
// the servers, and their log lines. It knows no server and no world, so that a history from anywhere can be judged.
//
// A history is kept as JSON lines (FORMAT.md), streamed while the run goes on, and readable after a crash of it.
package histories
