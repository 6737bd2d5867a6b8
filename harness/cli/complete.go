package cli

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/explore"
)

type completer = func(c *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective)

// begunSo makes a completer keep to what begins like the word on the command line.
func begunSo(how completer) completer {
	if how == nil {
		return nil
	}
	return func(c *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		all, directive := how(c, args, begun)
		return slices.DeleteFunc(all, func(s cobra.Completion) bool { return !strings.HasPrefix(s, begun) }), directive
	}
}

// completeScenario completes one scenario: a name of the catalogue, or a file.
func completeScenario(c *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeScenarios(c, args, begun)
}

// completeScenarios completes any number of scenarios.
func completeScenarios(c *cobra.Command, _ []string, begun string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	if c.Name() == "sweep" {
		all = append(all, cobra.CompletionWithDesc("all", "every scenario of the catalogue"))
	}
	for _, s := range listedScenarios() {
		all = append(all, cobra.CompletionWithDesc(s.Name, s.Why))
	}
	files, how := completeFiles(c, nil, begun)
	return append(all, files...), how
}

// completeFiles completes scenario files.
func completeFiles(_ *cobra.Command, _ []string, begun string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, pattern := range []string{begun + "*.yaml", begun + "*.yml", begun + "*/*.yaml"} {
		files, _ := filepath.Glob(pattern) // a pattern that is none has no files
		all = append(all, files...)
	}
	return all, cobra.ShellCompDirectiveDefault
}

// keptRuns are the folders of runs below runs, in order.
func keptRuns() (dirs []string) {
	for _, pattern := range []string{"runs/*/", "runs/*/*/"} {
		found, _ := filepath.Glob(pattern + harness.HistoryFile)
		for _, f := range found {
			dirs = append(dirs, filepath.Dir(f))
		}
	}
	slices.Sort(dirs)
	return dirs
}

// completeRuns completes folders of kept runs, or files.
func completeRuns(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return keptRuns(), cobra.ShellCompDirectiveDefault
}

// completeRun completes one kept run.
func completeRun(c *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeRuns(c, args, begun)
}

func completeRunOrScenario(c *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	all, how := completeScenario(c, args, begun)
	if len(args) == 0 {
		all = append(keptRuns(), all...)
	}
	return all, how
}

var seedInName = regexp.MustCompile(`^(.*)-(\d+)$`)

// completeSeed completes the seeds of kept runs of the scenario that stands on the command line, or of all.
func completeSeed(_ *cobra.Command, args []string, _ string) (seeds []cobra.Completion, _ cobra.ShellCompDirective) {
	of := strings.TrimSuffix(filepath.Base(strings.Join(args, "")), ".yaml")
	for _, dir := range keptRuns() {
		m := seedInName.FindStringSubmatch(filepath.Base(dir))
		if m == nil || len(args) > 0 && m[1] != of && m[1] != of+"-sim" && m[1] != of+"-live" {
			continue
		}
		seeds = append(seeds, cobra.CompletionWithDesc(m[2], dir))
	}
	return seeds, cobra.ShellCompDirectiveNoFileComp
}

// completeList completes the last of several names with commas between.
func completeList(names func() []string) completer {
	return func(_ *cobra.Command, _ []string, begun string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
		before := begun[:strings.LastIndexByte(begun, ',')+1]
		for _, n := range names() {
			if !slices.Contains(strings.Split(before, ","), n) {
				all = append(all, before+n)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

func completeWords(words ...string) completer {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return slices.Clone(words), cobra.ShellCompDirectiveNoFileComp
	}
}

// checkerNames are those of every system there is, each once.
func checkerNames() (names []string) {
	for _, s := range systems {
		for _, c := range s.Checkers() {
			if !slices.Contains(names, c.Name()) {
				names = append(names, c.Name())
			}
		}
	}
	return names
}

func goalNamesAll() (names []string) {
	for _, g := range listedGoals() {
		names = append(names, g.Name)
	}
	return append(names, "all")
}

// completeFlags has the values of c's flags completed: each flag of a name takes the same.
func completeFlags(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		var how completer
		switch f.Name {
		case "world":
			how = completeWords(harness.WorldSim, harness.WorldLive)
		case "target":
			how = completeWords("ordeal-node", "redis-server")
		case "seed":
			how = completeSeed
		case "check":
			how = completeWords(checkerNames()...)
		case "checks":
			how = completeList(checkerNames)
		case "goals":
			how = completeList(goalNamesAll)
		case "kinds":
			how = completeList(explore.FaultKinds)
		case "model":
			how = completeWords(modelNames()...)
		case "format":
			how = completeWords(historyFormats()...)
			if c.Name() == "compare" {
				how = completeWords("text", "markdown", "json")
			}
		default:
			return
		}
		if err := c.RegisterFlagCompletionFunc(f.Name, begunSo(how)); err != nil {
			panic(err) // the flag is registered once, above
		}
	})
}
