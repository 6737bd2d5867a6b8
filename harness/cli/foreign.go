package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// openHistory reads the history in the file path, in any format that histories reads; - is standard input, and a folder
// of a kept run stands for the history in it. A history of another tool has one workload, of the model called model; if
// that is "", of the one whose operations it has.
func openHistory(path, model string, mapping histories.Mapping) (h *histories.History, format histories.Format,
	err error) {
	var in io.Reader = os.Stdin
	if path != "-" {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			path = filepath.Join(path, harness.HistoryFile)
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, "", err
		}
		defer f.Close()
		in = f
	}
	h, format, err = histories.Decode(in, mapping)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	if model == "" && format != histories.JSONLines {
		if model, err = modelOf(h); err != nil {
			return nil, "", fmt.Errorf("%s: %w", path, err)
		}
	}
	if model != "" {
		if _, err := models.ByName(model); err != nil {
			return nil, "", err
		}
		h.Workloads = []histories.Workload{{Kind: model}}
		for i := range h.Ops {
			h.Ops[i].Workload = ""
		}
	}
	return h, format, nil
}

// modelOf is the model that a history without a header is about: the first that knows all its operations, and of which
// reads find what they found.
func modelOf(h *histories.History) (string, error) {
	functions, lists := map[string]bool{}, false
	for i := range h.Ops {
		op := &h.Ops[i]
		functions[op.Func] = true
		lists = lists || op.Func == histories.FuncRead && op.Result.IsList()
	}
	for _, m := range models.Models() {
		knows := true
		for f := range functions { // any order: all must be known
			_, ok := m.Function(f)
			knows = knows && ok
		}
		if readsLists := slices.Contains([]string{"set", "append", "bank"}, m.Name); knows && readsLists == lists ||
			knows && len(functions) > 0 && !functions[histories.FuncRead] {
			return m.Name, nil
		}
	}
	var names []string
	for f := range functions { // any order: sorted below
		names = append(names, f)
	}
	slices.Sort(names)
	return "", fmt.Errorf("no model has the operations %s: name one with -model, and say with -mapping which operation is which of its (%s)",
		strings.Join(names, ", "), strings.Join(modelNames(), ", "))
}

func modelNames() (names []string) {
	for _, m := range models.Models() {
		names = append(names, m.Name)
	}
	return names
}

// size is a flag like 512MB: bytes.
type size int

func (s *size) String() string { return fmt.Sprintf("%dMB", int(*s)>>20) }

// Set implements [pflag.Value].
func (s *size) Set(text string) error {
	unit := 1
	number := strings.ToUpper(text)
	for suffix, bytes := range map[string]int{"KB": 1 << 10, "MB": 1 << 20,
		"GB": 1 << 30} { // any order: one fits at most
		if n, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = n, bytes
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n <= 0 || n > 1<<40/unit {
		return errors.New("write memory as 512MB or 2GB")
	}
	*s = size(n * unit)
	return nil
}

// Type implements [pflag.Value].
func (*size) Type() string { return "size" }

// modelFlags add the flags that say how another tool's operations are read.
func modelFlags(f *pflag.FlagSet, model, mapping *string) {
	f.StringVar(model, "model", "", "`name` of the model that judges the operations (default: what the history's header says, or the model that has them)")
	f.StringVar(mapping, "mapping", "", "what another tool's `words` mean, with commas between: get=read, :key=:value.0, :value=:value.1, cas:fail=false")
}
