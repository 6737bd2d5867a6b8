// Package nemesis holds the faults that a run suffers, as values: what they are, whom they hit, when, and how they
// are written down. It injects nothing itself; the worlds do.
//
// What prints, parses: Parse(f.String()) is f again, for faults and for schedules.
package nemesis
