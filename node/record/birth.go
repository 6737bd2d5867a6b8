package record

import (
	"math/rand/v2"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/sentinel"
	"github.com/ordeal-go/ordeal/node/server"
)

// Birth is all that makes a server or Sentinel the one it is, beside what will happen to it.
type Birth struct {
	Sentinel   bool     `json:"sentinel,omitempty"`
	ConfigPath string   `json:"config_path,omitempty"` // absolute
	ConfigText string   `json:"config_text,omitempty"` // instead of a file
	Args       []string `json:"args,omitempty"`        // configuration lines after the file's
	Dir        string   `json:"dir"`
	Executable string   `json:"executable"`
	PID        int      `json:"pid"`
	Notes      bool     `json:"notes,omitempty"`
	Seed       [32]byte `json:"seed"` // of its random numbers
}

// Core returns the server or Sentinel, which has not started yet.
func (b Birth) Core() node.Core {
	rng := rand.New(rand.NewChaCha8(b.Seed))
	if b.Sentinel {
		return sentinel.New(sentinel.Options{ConfigPath: b.ConfigPath, ConfigText: b.ConfigText, Args: b.Args, Dir: b.Dir,
			Rand: rng, PID: b.PID, Executable: b.Executable, Notes: b.Notes})
	}
	return server.New(server.Options{ConfigPath: b.ConfigPath, ConfigText: b.ConfigText, Args: b.Args, Dir: b.Dir,
		Rand: rng, PID: b.PID, Executable: b.Executable, Notes: b.Notes})
}
