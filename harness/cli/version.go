package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
)

// version is what a program was built from.
type version struct {
	Commit  string `json:"commit"` // with + if files were changed since; of a program that go install made, its version; "devel": unknown
	Mutant  string `json:"planted_bug,omitempty"`
	Go      string `json:"go"`
	Machine string `json:"machine"`
	Options string `json:"options"` // a hash of what else decides what a run does
}

func (p *program) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "say what this program was built from",
		Long: "Says what this program was built from: the commit (with + if files were changed since), Go, the machine, and a hash of\n" +
			"everything else that decides what a run does: build options, libraries, scenarios, checkers, faults. Two programs\n" +
			"that say the same play the same runs.",
		Example: "  ordeal version\n  ordeal version --json",
		Args:    arguments(0, 0, ""),
		RunE: p.does(func(context.Context, []string) (int, error) {
			return exitValid, p.tellVersion(asJSON)
		}),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func (p *program) tellVersion(asJSON bool) error {
	v := versionOf()
	v.Options = optionsHash()
	if asJSON {
		return json.NewEncoder(p.out).Encode(v)
	}
	if v.Mutant != "" {
		v.Commit += " with the planted bug " + v.Mutant
	}
	_, err := fmt.Fprintf(p.out, "ordeal %s\n%s %s, options %s\n", v.Commit, v.Go, v.Machine, v.Options)
	return err
}

// versionOf reads what the linker put into this program.
func versionOf() version {
	v := version{Commit: "devel", Mutant: mutant, Go: runtime.Version(), Machine: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if strings.HasPrefix(info.Main.Version, "v") {
		v.Commit = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v.Commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			v.Commit += "+"
		}
	}
	return v
}

// optionsHash is a hash of what decides what a run does, beside the commit.
func optionsHash() string {
	h := sha256.New()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if !strings.HasPrefix(s.Key, "vcs") {
				fmt.Fprintf(h, "%s=%s\n", s.Key, s.Value)
			}
		}
		for _, m := range info.Deps {
			fmt.Fprintf(h, "%s %s\n", m.Path, m.Version)
		}
	}
	hashCatalogues(h)
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// hashCatalogues adds what there is to play and to judge by.
func hashCatalogues(h hash.Hash) {
	for _, s := range scenarios.All() {
		text, err := s.YAML()
		fmt.Fprintf(h, "%s\n%s%v\n", s.Name, text, err)
	}
	for _, s := range systems {
		fmt.Fprintln(h, s.Name(), s.Goals().Names())
		for _, c := range s.Checkers() {
			fmt.Fprintln(h, c.Name())
		}
	}
	fmt.Fprintln(h, harness.Language(redis.System{}).Verbs())
}

// mutant is the name of the bug planted in this build, set by the linker; "" in an honest one.
var mutant string

// build is the version of this program, for the histories that it writes.
func build() string {
	v := versionOf()
	if v.Mutant != "" {
		return v.Commit + " with the planted bug " + v.Mutant
	}
	return v.Commit
}
