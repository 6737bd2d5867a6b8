package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// The programs that servers and Sentinels can run.
const (
	OrdealNode  = "ordeal-node"
	RedisServer = "redis-server"
)

// nodeMajor is the major version of the Redis that ordeal-node is like.
const nodeMajor = 4

// program is what the processes run.
type program struct {
	path  string
	major int  // of the Redis that it is, or is like
	notes bool // it writes notes, and takes a clock: it is ordeal-node
	from  bool // it has to be told, beside what to bind, from where to call
	more  []string
	own   bool // it is no Redis: more are all its arguments
	// server is more for those that are servers: to a Sentinel it would be a mistake.
	server []string
}

// args are the arguments of a machine's process.
func (p program) args(m *cluster.Machine, notes string) []string {
	if p.own {
		return p.more
	}
	var args []string
	if m.ConfigPath != "" {
		args = append(args, m.ConfigPath)
	} else {
		args = append(args, "--port", strconv.Itoa(m.Port), "--bind", m.Host, "--dir", m.Dir)
	}
	if m.Kind == cluster.Sentinel {
		args = append(args, "--sentinel")
	}
	args = append(args, p.more...)
	if m.Kind == cluster.Server {
		args = append(args, p.server...)
	}
	if p.from {
		args = append(args, "--bind-source-addr", m.Host)
	}
	if notes != "" {
		args = append(args, "--ordeal-notes", notes)
	}
	return args
}

// before says whether p is of an earlier version than o, so far as is known.
func (p program) before(o program) bool { return p.major != 0 && p.major < o.major }

// findProgram finds what command stands for: a program, and arguments that come before all others.
func findProgram(ctx context.Context, command, binary string) (program, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		words = []string{OrdealNode}
	}
	if words[0] == OrdealNode {
		path, err := findNode(ctx, binary)
		return program{path: path, notes: true, major: nodeMajor, more: words[1:]}, err
	}
	return findRedis(ctx, words[0], words[1:])
}

var versionIn = regexp.MustCompile(`v=(\d+)\.`)

// findRedis finds a program that takes a configuration file as redis-server does.
func findRedis(ctx context.Context, name string, args []string) (program, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		if name == RedisServer {
			err = fmt.Errorf("%w: install it, as with apt-get install redis-server", err)
		}
		return program{}, fmt.Errorf("live: the target: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return program{}, err
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return program{}, fmt.Errorf("live: %s --version: %w", path, err)
	}
	version := versionIn.FindSubmatch(out)
	if version == nil {
		return program{}, fmt.Errorf("live: %s --version says %q, which names no version as v=7.0.15", path, out)
	}
	if bytes.Contains(out, []byte("build=ordeal-node")) {
		return program{path: path, notes: true, major: nodeMajor, more: args}, nil
	}
	// Since 7.0 bind is for listening only. 4.0 calls from it too; 5.0 to 6.2 do in part.
	major, _ := strconv.Atoi(string(version[1])) // digits; one that overflows is no known version
	if major != 4 && major < 7 {
		return program{}, fmt.Errorf("live: %s is version %d: its connections cannot be told apart; use 4.0, or 7.0 and later", path, major)
	}
	// Protected mode takes a caller from 127.3.10.1 for one from outside.
	p := program{path: path, major: major, from: major >= 7, more: append(args, "--protected-mode", "no")}
	if major >= 7 {
		p.server = []string{"--enable-debug-command", "yes"} // for DEBUG DIGEST, which older ones always allow
	}
	return p, nil
}

func findNode(ctx context.Context, binary string) (string, error) {
	if binary != "" {
		path, err := exec.LookPath(binary)
		if err != nil {
			return "", fmt.Errorf("live: the node to run: %w", err)
		}
		return filepath.Abs(path)
	}
	if own, err := os.Executable(); err == nil {
		if path, err := exec.LookPath(filepath.Join(filepath.Dir(own), OrdealNode)); err == nil {
			return path, nil
		}
	}
	path, buildErr := BuildNode(ctx)
	if buildErr == nil {
		return path, nil
	}
	if path, err := exec.LookPath(OrdealNode); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("live: no ordeal-node beside this program or in PATH, and it cannot be built: %w", buildErr)
}

const nodePackage = "github.com/ordeal-go/ordeal/node/cmd/ordeal-node"

var built struct {
	sync.Mutex
	path string
}

// BuildNode builds ordeal-node with the go command, from the module that the working directory is in, and keeps it in
// the user's cache folder. It builds once in the life of this program.
func BuildNode(ctx context.Context) (path string, err error) {
	built.Lock()
	defer built.Unlock()
	if built.path != "" {
		return built.path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "ordeal")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Others may be building, or running, the same program: it is put in its place as a whole.
	temp, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	fresh := filepath.Join(temp, OrdealNode)
	out, err := exec.CommandContext(ctx, "go", "build", "-o", fresh, nodePackage).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", nodePackage, err, out)
	}
	path = filepath.Join(dir, fmt.Sprintf("%s-%d", OrdealNode, os.Getuid()))
	if err := os.Rename(fresh, path); err != nil {
		return "", err
	}
	built.path = path
	return path, nil
}
