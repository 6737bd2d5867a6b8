package mutants

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	module       = "github.com/ordeal-go/ordeal"
	switchFolder = "harness/mutants/planted" // exists while such a build is made only
	cliFolder    = "harness/cli"             // which says in its reports which bug is planted
	// Chosen is the environment variable by which a program with many bugs is told which of them is in force.
	Chosen = "ORDEAL_MUTANT"
)

// BuildMany builds the program pkg with all mutants in it that can be switched at run time, by [Chosen], and returns the
// others. Without [Chosen] none is in force, and the program does what the honest one does.
func BuildMany(ctx context.Context, root, pkg, out string, all []Mutant) (others []Mutant, err error) {
	dir, err := os.MkdirTemp("", "ordeal-mutants-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files := map[string]*switched{}
	var names []string
	for _, m := range all {
		if err := m.join(root, len(names)+1, files); err != nil {
			others = append(others, m)
			continue
		}
		names = append(names, m.Name)
	}
	texts := map[string]string{switchFolder + "/planted.go": switchText(names), cliFolder + "/planted.go": chosenText}
	for name, f := range files {
		texts[name] = f.String()
	}
	overlay, err := writeOverlay(root, dir, texts)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", out, "./"+strings.TrimPrefix(pkg, "./"))
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the program with %d mutants does not build: %w\n%s", len(names), err, bytes.TrimSpace(text))
	}
	return others, nil
}

// join adds the mutant, as number n, to files, or leaves them as they are and says why it cannot be switched.
func (m Mutant) join(root string, n int, files map[string]*switched) error {
	changed, err := m.changed(root)
	if err != nil {
		return err
	}
	joined := map[string]*switched{}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		f := files[name]
		if f == nil {
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			if f, err = parseSwitched(name, string(text)); err != nil {
				return err
			}
		}
		copied := *f
		copied.inserts, copied.added, copied.imports = slices.Clone(f.inserts), slices.Clone(f.added), maps.Clone(f.imports)
		if err := copied.add(n, changed[name]); err != nil {
			return err
		}
		joined[name] = &copied
	}
	maps.Copy(files, joined)
	return nil
}

// switchText is the package that says which mutant is in force.
func switchText(names []string) string {
	var b strings.Builder
	b.WriteString("package planted\n\nimport \"os\"\n\n// Name is the mutant in force.\nvar Name = os.Getenv(\"" + Chosen + "\")\n\n")
	b.WriteString("// On is its number, 0 for none.\nvar On = numbers[Name]\n\nvar numbers = map[string]int{\n")
	for i, name := range names {
		fmt.Fprintf(&b, "\t%q: %d,\n", name, i+1)
	}
	return b.String() + "}\n"
}

// chosenText has the program say in its reports which mutant is in force.
const chosenText = `package cli

import planted "` + module + "/" + switchFolder + `"

func init() {
	if planted.Name != "" {
		mutant = planted.Name
	}
}
`
