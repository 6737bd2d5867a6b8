package clients

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// Main runs the tests of a package in which clients are tested that wait with a mutex held, as go-redis does:
//
//	func TestMain(m *testing.M) { clients.Main(m) }
//
// If the test was not built with the flags that this needs, it builds it once more with them, in a temporary folder, and
// lets that play. Without the go command or the package's source, the tests play as they are, and say so.
func Main(m *testing.M) {
	if durableMutexes {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "ordeal-clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(2)
	}
	status, err := again(dir, os.Args[1:])
	os.RemoveAll(dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "clients: the test cannot be built with the flags %s, and plays without them: %v\n", durableFlags, err)
		status = m.Run()
	}
	os.Exit(status)
}

// again builds the package's test in dir with the flags, and runs it with args.
func again(dir string, args []string) (status int, err error) {
	program := filepath.Join(dir, "again.test")
	build := exec.Command("go", append(append([]string{"test", "-c", "-o", program}, buildFlags()...), ".")...)
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	if _, err := os.Stat(program); err != nil {
		return 0, errors.New("there are no tests in the current folder")
	}
	test := exec.Command(program, args...)
	test.Stdin, test.Stdout, test.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := test.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return max(exit.ExitCode(), 1), nil
		}
		return 0, err
	}
	return 0, nil
}

// buildFlags are those that this test was built with, and the ones that it lacks.
func buildFlags() []string {
	tags, flags := []string{tag}, []string{"-ldflags=-checklinkname=0"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "-tags":
			tags = append(tags, strings.Split(s.Value, ",")...)
		case "-race", "-msan", "-asan", "-cover", "-covermode":
			flags = append(flags, s.Key+"="+s.Value)
		}
	}
	return append(flags, "-tags="+strings.Join(tags, ","))
}
