// Package record takes down everything that happens to a live server or Sentinel, and leads the same core through it
// again later, offline: the core does no I/O, so the same events give the same effects. A failure that took a real
// network and real processes to happen can so be debugged with no network and no process, as often as needed.
//
// A recording is a text file of JSON lines: how the core was born, then, for each event, a line before the core is told
// and a line with the digest of what it did. Without the second line, the core died of the event.
package record
