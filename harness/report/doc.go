// Package report shows a person what happened in a run: one page of HTML, without a network, that says what was run,
// what the checkers found, and lays operations, faults, roles and logs on one axis of time.
//
// It reads a history and the verdicts on it, and judges nothing itself. Go prepares the data (compact, because a run
// has tens of thousands of operations); the files under page draw it.
package report
