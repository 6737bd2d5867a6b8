package skeleton

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed all:scenario all:system all:workload
var files embed.FS

// Kinds are what there are skeletons of.
func Kinds() []string { return []string{"scenario", "system", "workload"} }

var names = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Write writes the skeleton of a kind, called name, into dir: a scenario as the file NAME.yaml, anything else as the folder
// NAME, which is a Go module of its own unless dir is in one. It returns the files' paths, and changes none that is there.
func Write(dir, kind, name string) (written []string, err error) {
	if !slices.Contains(Kinds(), kind) {
		return nil, fmt.Errorf("there is no skeleton of a %q: there are %s", kind, strings.Join(Kinds(), ", "))
	}
	if !names.MatchString(name) {
		return nil, fmt.Errorf("%q is no name: use lower-case letters, digits and dashes, a letter first", name)
	}
	parent, err := modulePath(dir)
	if err != nil {
		return nil, err
	}
	pkg := strings.ReplaceAll(name, "-", "")
	whole := pkg // the import path
	if parent != "" {
		whole = path.Join(parent, name)
	}
	if kind == "scenario" {
		return write(dir, kind, false, strings.NewReplacer("NAME", name))
	}
	into := filepath.Join(dir, name)
	if _, err := os.Lstat(into); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is there already: choose another name, or remove it", into)
	}
	return write(into, kind, parent == "", strings.NewReplacer("NAME", name, "PACKAGE", pkg, "IMPORT", whole))
}

// write writes the files of a kind into dir.
func write(dir, kind string, module bool, fill *strings.Replacer) (written []string, err error) {
	err = fs.WalkDir(files, kind, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(file) == "go.mod.txt" && !module {
			return err
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		inside := strings.TrimSuffix(strings.TrimPrefix(file, kind+"/"), ".txt")
		to := filepath.Join(dir, filepath.FromSlash(fill.Replace(inside)))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already: choose another name, or remove it", to)
		}
		if err != nil {
			return err
		}
		written = append(written, to)
		_, err = f.WriteString(fill.Replace(string(text)))
		return errors.Join(err, f.Close())
	})
	return written, err
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)

// modulePath is the import path of dir, "" if it is in no Go module.
func modulePath(dir string) (string, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for below := ""; ; {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if m := moduleLine.FindSubmatch(text); m != nil {
			return path.Join(string(m[1]), below), nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if filepath.Dir(at) == at {
			return "", nil
		}
		at, below = filepath.Dir(at), path.Join(filepath.Base(at), below)
	}
}
