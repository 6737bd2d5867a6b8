package scenarios

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
)

//go:embed *.yaml
var files embed.FS

// catalogue reads every file once. A file that does not parse is a defect of this program: a test sees to it.
var catalogue = sync.OnceValue(func() []harness.Scenario {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	var all []harness.Scenario
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		s, err := harness.Systems{redis.System{}}.ParseScenario(path.Join("harness/scenarios", e.Name()), text)
		if err == nil && s.Name+".yaml" != e.Name() {
			err = fmt.Errorf("%s: the scenario is called %s", e.Name(), s.Name)
		}
		if err != nil {
			panic(err)
		}
		all = append(all, s)
	}
	return all
})

// All returns every scenario, by name.
func All() []harness.Scenario { return append([]harness.Scenario(nil), catalogue()...) }

// ByName returns the scenario called name, with or without ".yaml".
func ByName(name string) (harness.Scenario, bool) {
	for _, s := range catalogue() {
		if s.Name == strings.TrimSuffix(name, ".yaml") {
			return s, true
		}
	}
	return harness.Scenario{}, false
}

// Names returns the names of All.
func Names() []string {
	var names []string
	for _, s := range catalogue() {
		names = append(names, s.Name)
	}
	return names
}
