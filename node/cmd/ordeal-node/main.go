// Command ordeal-node is a Redis 4.0 compatible replication server, or a Sentinel, as a process that redis-cli,
// redis-sentinel and test suites can use in the place of redis-server:
//
//	ordeal-node [/path/to/redis.conf | -] [--option value …] [--sentinel]
//
// It binds a core (node/server or node/sentinel) to its host (node/host), and to what is a process's own business:
// the command line, signals, the pid file, limits and the exit status. The status is 0 after SHUTDOWN, SIGTERM or
// SIGINT, 1 if it cannot start or a second SIGINT comes, and 2 if an invariant of the core broke.
package main

import (
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/host"
	"github.com/ordeal-go/ordeal/node/record"
)

// brokenStatus is the exit status after a panic in the core; the Go runtime uses it for its own.
const brokenStatus = 2

func main() {
	status, err := run(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

func run(argv []string) (status int, err error) {
	cmd, err := parseCommandLine(argv)
	if err != nil {
		return 1, err
	}
	switch {
	case cmd.help:
		fmt.Print(usage)
		return 0, nil
	case cmd.version:
		fmt.Println(versionLine(cmd.sentinel))
		return 0, nil
	}
	var stdin string
	if cmd.stdin {
		b, err := io.ReadAll(os.Stdin)
		if err != nil {
			return 1, fmt.Errorf("ordeal-node: the configuration cannot be read from standard input: %w", err)
		}
		stdin = string(b)
	}
	own := readSettings(cmd, stdin)
	if own.daemonize && !isDaemon() {
		return 0, becomeDaemon(argv, stdin)
	}
	raiseDescriptorLimit(own.maxClients + reservedDescriptors)
	tuneCollector()
	return live(cmd, stdin, own)
}

// live is the life of the core, up to the exit status.
func live(cmd *commandLine, stdin string, own settings) (status int, err error) {
	var cfg host.Config
	if cmd.notes != "" {
		notes, err := openNotes(cmd.notes)
		if err != nil {
			return 1, err
		}
		cfg.Note = notes.write
	}
	if cmd.clock != "" {
		if err := followClock(cmd.clock, &cfg); err != nil {
			return 1, err
		}
	}
	core, err := newCore(cmd, stdin)
	if err != nil {
		return 1, err
	}
	if err := own.writePIDFile(); err != nil {
		fmt.Fprintln(os.Stderr, err) // as Redis: it goes on without one
	}
	defer own.removePIDFile()

	signals := listenForSignals()
	h := host.Start(core, cfg)
	go handOnSignals(signals, h)
	status, err = h.Outcome()
	var broken *host.Panic
	if errors.As(err, &broken) {
		return brokenStatus, fmt.Errorf("%w\n\n%s", err, broken.Stack)
	}
	return status, err
}

func newCore(cmd *commandLine, stdin string) (node.Core, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("ordeal-node: it has no working directory: %w", err)
	}
	executable, err := os.Executable()
	if err != nil {
		executable = os.Args[0]
	}
	birth := record.Birth{Sentinel: cmd.sentinel, ConfigPath: cmd.configPath, ConfigText: stdin, Args: cmd.lines, Dir: dir,
		Executable: executable, PID: os.Getpid(), Notes: cmd.notes != ""}
	crand.Read(birth.Seed[:])
	if cmd.record == "" {
		return birth.Core(), nil
	}
	file, err := os.OpenFile(cmd.record, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // closed by the end of the process
	if err != nil {
		return nil, fmt.Errorf("ordeal-node: --ordeal-record: %w", err)
	}
	return record.New(birth, file, func(err error) { fmt.Fprintf(os.Stderr, "ordeal-node: --ordeal-record: %v\n", err) }), nil
}

// listenForSignals is called before the core starts, so that it hears of those that come at once.
func listenForSignals() <-chan os.Signal {
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	return signals
}

// handOnSignals tells the core, which may take its time to save. A SIGINT after that is somebody at a terminal who
// will not wait. Redis 4.0: server.c, sigShutdownHandler.
func handOnSignals(signals <-chan os.Signal, h *host.Host) {
	asked := false
	for s := range signals {
		if asked && s == syscall.SIGINT {
			fmt.Fprintln(os.Stderr, "You insist... exiting now.")
			os.Exit(1)
		}
		asked = true
		h.Stop(int(s.(syscall.Signal)))
	}
}
