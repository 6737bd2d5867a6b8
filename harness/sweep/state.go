package sweep

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// StateFile is the file, in the folder of a sweep, in which its runs are written down as they end: a line each, after a
// line that says what is swept. An interrupted sweep is resumed from it.
const StateFile = "sweep.jsonl"

// heading is the first line of a state file.
type heading struct {
	Version int      `json:"ordeal_sweep"`
	Build   string   `json:"build"`
	Plans   []string `json:"plans"` // name and digest of each
}

// headingOf says what is swept: the build, and the scenarios word for word.
func headingOf(plans []Plan, opts Options) (heading, error) {
	h := heading{Version: 1, Build: opts.Run.Build}
	for _, p := range plans {
		s := p.Scenario
		if s.Make != nil {
			s = s.Drawn(opts.First)
			s.Name = p.Scenario.Name
		}
		text, err := s.YAML()
		if err != nil {
			return h, err
		}
		sum := sha256.Sum256(text)
		h.Plans = append(h.Plans, p.Scenario.Name+" "+hex.EncodeToString(sum[:8]))
	}
	return h, nil
}

// state is an open state file; nil writes nothing.
type state struct {
	file *os.File
	out  *bufio.Writer
}

type runOf struct {
	scenario string
	seed     uint64
}

// openState opens the state file in dir and returns the runs that it holds, if they are to be resumed.
func openState(dir string, plans []Plan, opts Options) (*state, map[runOf]*Record, error) {
	if dir == "" {
		return nil, nil, nil
	}
	h, err := headingOf(plans, opts)
	if err != nil {
		return nil, nil, err
	}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, StateFile)
	done := map[runOf]*Record{}
	var whole int64 // how much of the file is whole lines
	if opts.Resume {
		if done, whole, err = readState(path, line); err != nil {
			return nil, nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(f.Truncate(whole), seekEnd(f)); err != nil {
		f.Close()
		return nil, nil, err
	}
	s := &state{f, bufio.NewWriter(f)}
	if whole == 0 {
		s.out.Write(append(line, '\n'))
	}
	return s, done, nil
}

func seekEnd(f *os.File) error {
	_, err := f.Seek(0, io.SeekEnd)
	return err
}

// readState reads the runs in the file, which must be about the same plans and build. A last line that was cut short is
// left out. No file is an empty one.
func readState(path string, head []byte) (map[runOf]*Record, int64, error) {
	done := map[runOf]*Record{}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return done, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	var whole int64
	for n := 1; ; n++ {
		line, rest, complete := bytes.Cut(text, []byte("\n"))
		if !complete {
			return done, whole, nil
		}
		if n == 1 {
			if !bytes.Equal(line, head) {
				return nil, 0, fmt.Errorf("%s is of another sweep, of other scenarios or by another build: sweep without -resume, or into another folder", path)
			}
		} else {
			r := &Record{}
			if err := json.Unmarshal(line, r); err != nil {
				return nil, 0, fmt.Errorf("%s:%d: %w: sweep without -resume", path, n, err)
			}
			done[runOf{r.Scenario, r.Seed}] = r
		}
		whole += int64(len(line)) + 1
		text = rest
	}
}

// write writes a run down at once, so that nothing is lost however the sweep ends.
func (s *state) write(r *Record) error {
	if s == nil {
		return nil
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.out.Write(append(line, '\n'))
	return s.out.Flush()
}

func (s *state) close() error {
	if s == nil {
		return nil
	}
	return errors.Join(s.out.Flush(), s.file.Close())
}
