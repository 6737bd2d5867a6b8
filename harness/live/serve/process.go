// Package serve lets a program be the servers under test of its own live runs: each machine's process is the program once
// more, which runs the machine's core.
package serve

import (
	"math/rand/v2"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

// word is the first argument of a process that is a server.
const word = "ordeal-serve"

// Process is the process of a machine whose core is made by name from args.
func Process(name string, args ...string) []string {
	return append([]string{cluster.Self, word, name}, args...)
}

// Maker makes a machine's core from arguments, and from what it may leave to chance.
type Maker func(args []string, rng *rand.Rand) node.Core
