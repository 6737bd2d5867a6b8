// Package flags has the settings by which go test says what a test plays, for all packages that play something in tests:
// flags, and variables of the environment for a go test ./... of which not every package knows the flags. A flag counts
// more than its variable.
//
//	-ordeal.seed=7        ORDEAL_SEED=7        play only this seed
//	-ordeal.seeds=1000    ORDEAL_SEEDS=1000    play so many seeds
//	-ordeal.world=live    ORDEAL_WORLD=live    play in this world
//	-ordeal.out=DIR       ORDEAL_OUT=DIR       keep the runs in this folder
package flags

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

var (
	seed  = flag.Uint64("ordeal.seed", 0, "play only this seed; else what ORDEAL_SEED says")
	seeds = flag.Int("ordeal.seeds", 0, "play so many seeds; else what ORDEAL_SEEDS says; 0: the test's own number")
	world = flag.String("ordeal.world", "", "play in this world: sim or live; else what ORDEAL_WORLD says; \"\": the test's own")
	out   = flag.String("ordeal.out", "", "keep the runs in this folder; else in what ORDEAL_OUT says")
)

// Seeds are the first and the last seed to play of a test that plays own many by itself.
func Seeds(own int) (first, last uint64) {
	one, many := *seed, uint64(max(*seeds, 0))
	if one == 0 && many == 0 {
		one, many = number("ORDEAL_SEED"), number("ORDEAL_SEEDS")
	}
	switch {
	case one > 0:
		return one, one
	case many > 0:
		return 1, many
	}
	return 1, uint64(own)
}

// number is what a variable of the environment says; 0 if it is not set.
func number(name string) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		panic(fmt.Sprintf("%s=%s in the environment: write a whole number, as %s=7", name, text, name))
	}
	return n
}

// World is the world to play in, own unless the flag or the environment say another.
func World(own string) string {
	for _, said := range []string{*world, os.Getenv("ORDEAL_WORLD")} {
		if said != "" {
			return said
		}
	}
	return own
}

// Out is the folder to keep runs in; "": none.
func Out() string {
	if *out != "" {
		return *out
	}
	return os.Getenv("ORDEAL_OUT")
}

// Command is the command that plays one seed of a test again, in whatever folder of the test's module: the test's name is
// t.Name(), and its package that of the function farthest up the stack that the testing package does not have.
func Command(test string, seed uint64) string {
	words := []string{"go test"}
	if pkg := testPackage(); pkg != "" {
		words = append(words, pkg)
	}
	words = append(words, fmt.Sprintf("-run '^%s$'", strings.ReplaceAll(regexp.QuoteMeta(test), "/", "$/^")), fmt.Sprintf("-ordeal.seed=%d", seed))
	return strings.Join(words, " ")
}

// testPackage is the import path of the package whose test is running; "" if that is not to be seen.
func testPackage() string {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	pkg := ""
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.File, "_test.go") {
			slash := strings.LastIndexByte(frame.Function, '/') + 1
			if dot := strings.IndexByte(frame.Function[slash:], '.'); dot >= 0 {
				pkg = strings.TrimSuffix(frame.Function[:slash+dot], "_test")
			}
		}
		if !more {
			return pkg
		}
	}
}
