package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the program pkg ("./harness/cmd/ordeal") of the module in folder root with m planted, as the file out.
// The program's variable github.com/ordeal-go/ordeal/harness/cli.mutant, if it has one, is set to m's name.
func (m Mutant) Build(ctx context.Context, root, pkg, out string) error {
	dir, err := os.MkdirTemp("", "ordeal-mutant-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(root, dir)
	if err != nil {
		return fmt.Errorf("mutant %s: %w", m.Name, err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-ldflags", "-X github.com/ordeal-go/ordeal/harness/cli.mutant="+m.Name, "-o", out, pkg)
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mutant %s does not build: %w\n%s", m.Name, err, bytes.TrimSpace(text))
	}
	return nil
}

// overlay writes the changed files and the list of them that go build reads into dir, and returns the list's path.
func (m Mutant) overlay(root, dir string) (string, error) {
	changed, err := m.changed(root)
	if err != nil {
		return "", err
	}
	return writeOverlay(root, dir, changed)
}

// changed is the text of every file that the mutant changes, by its path below root.
func (m Mutant) changed(root string) (map[string]string, error) {
	changed := map[string]string{} // file → text, when a patch has several hunks
	for _, e := range m.edits {
		text, ok := changed[e.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.file)))
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		text, err := e.apply(text)
		if err != nil {
			return nil, err
		}
		changed[e.file] = text
	}
	return changed, nil
}

// writeOverlay writes files and the list of them into dir, and returns the list's path.
func writeOverlay(root, dir string, files map[string]string) (string, error) {
	list := struct{ Replace map[string]string }{map[string]string{}}
	for file, text := range files {
		to := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return "", err
		}
		list.Replace[filepath.Join(root, filepath.FromSlash(file))] = to
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, b, 0o644)
}

// Root finds the folder with ordeal's source: the checkout that holds the current folder, or what a module that requires
// ordeal is built with.
func Root(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	dir := strings.TrimSpace(string(out))
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("planting a bug builds from source, which needs Go: %w", err)
	case err != nil || dir == "":
		return "", fmt.Errorf("planting a bug builds from source: run it inside a checkout of ordeal (git clone), or of a module that requires %s (%s)",
			module, strings.TrimSpace(problem.String()))
	}
	return dir, nil
}
