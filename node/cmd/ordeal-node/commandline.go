package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/server"
)

const usage = `Usage: ordeal-node [/path/to/redis.conf | -] [--option value ...] [--sentinel]

A Redis 4.0 compatible replication server or, with --sentinel or under a name
that contains redis-sentinel or ordeal-sentinel, a Sentinel.

  /path/to/redis.conf   the configuration file; - reads one from standard input
  --option value ...    a line of configuration, after those of the file
  --sentinel            be a Sentinel: needs a configuration file, which it rewrites
  --ordeal-notes FILE   append what the core observes of itself to FILE, as JSON lines
  --ordeal-record FILE  take down all that happens to the core, for ordeal replay
  --ordeal-clock FILE   set the core's clock as the JSON lines say that come over FILE, a pipe
  -v, --version         print the version
  -h, --help            print this

Examples:
  ordeal-node                                     (port 6379, default configuration)
  ordeal-node /etc/redis/6379.conf
  ordeal-node --port 7777 --slaveof 127.0.0.1 6379
  ordeal-node /etc/sentinel.conf --sentinel
  echo 'maxmemory 128mb' | ordeal-node -
`

// commandLine is what was asked for.
type commandLine struct {
	configPath string // absolute; "" if there is none
	stdin      bool   // the configuration is on standard input
	lines      []string
	sentinel   bool
	notes      string // absolute path; "" for none
	record     string // absolute path; "" for none
	clock      string // absolute path; "" for none
	version    bool
	help       bool
}

// parseCommandLine reads a command line as redis-server does: a word that begins with -- opens a line of
// configuration, the words after it are its arguments. Redis 4.0: server.c, main.
func parseCommandLine(argv []string) (*commandLine, error) {
	cmd := &commandLine{sentinel: namesSentinel(argv[0])}
	args := argv[1:]
	if len(args) > 0 {
		switch args[0] {
		case "-v", "--version":
			cmd.version = true
			return cmd, nil
		case "-h", "--help":
			cmd.help = true
			return cmd, nil
		}
		if !strings.HasPrefix(args[0], "--") {
			if err := cmd.configFrom(args[0]); err != nil {
				return nil, err
			}
			args = args[1:]
		}
	}
	for len(args) > 0 {
		n := 1
		for n < len(args) && !strings.HasPrefix(args[n], "--") {
			n++
		}
		if err := cmd.option(args[0], args[1:n]); err != nil {
			return nil, err
		}
		args = args[n:]
	}
	if cmd.sentinel && cmd.stdin {
		return nil, fmt.Errorf("Sentinel config from STDIN not allowed: it must be a file that the Sentinel can rewrite")
	}
	return cmd, nil
}

func namesSentinel(program string) bool {
	name := filepath.Base(program)
	return strings.Contains(name, "redis-sentinel") || strings.Contains(name, "ordeal-sentinel")
}

func (cmd *commandLine) configFrom(path string) (err error) {
	if path == "-" {
		cmd.stdin = true
		return nil
	}
	// Before the core enters the folder that "dir" names.
	if cmd.configPath, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("ordeal-node: %s has no absolute path: %w", path, err)
	}
	return nil
}

// option takes one option, with its leading --, and its arguments.
func (cmd *commandLine) option(name string, args []string) (err error) {
	name = strings.TrimPrefix(name, "--")
	if own, file, ok := strings.Cut(name, "="); ok && strings.HasPrefix(own, "ordeal-") {
		name, args = own, append([]string{file}, args...)
	}
	switch {
	case name == "ordeal-notes":
		return ownFile(name, args, &cmd.notes)
	case name == "ordeal-record":
		return ownFile(name, args, &cmd.record)
	case name == "ordeal-clock":
		return ownFile(name, args, &cmd.clock)
	case name == "sentinel":
		cmd.sentinel = true
		if len(args) == 0 {
			return nil // the mode; with arguments it is a line of configuration as well
		}
	}
	line := name
	for _, a := range args {
		line += " " + conf.Quote(a)
	}
	cmd.lines = append(cmd.lines, line)
	return nil
}

// ownFile reads the file name of one of our own options.
func ownFile(name string, args []string, path *string) (err error) {
	if len(args) != 1 || args[0] == "" {
		return fmt.Errorf("ordeal-node: --%s takes one file name, got %d words", name, len(args))
	}
	*path, err = filepath.Abs(args[0])
	return err
}

// versionLine is what --version prints. Tools look for v=4.0.14; people should see that it is not Redis.
func versionLine(sentinel bool) string {
	role := "server"
	if sentinel {
		role = "sentinel"
	}
	build := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		build = info.Main.Version
	}
	return fmt.Sprintf("Redis %s v=%s sha=00000000:0 malloc=go bits=64 build=ordeal-node %s (%s)",
		role, server.Version, build, runtime.Version())
}
