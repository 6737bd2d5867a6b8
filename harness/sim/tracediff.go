package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// contextLines is how many lines before the first difference [FirstDifference] shows.
const contextLines = 5

// FirstDifference compares two trace logs and describes the first line in which they differ, with the lines before
// it; "" if they are the same. It reads no further than that.
func FirstDifference(a, b io.Reader) (string, error) {
	left, right := bufio.NewReader(a), bufio.NewReader(b)
	var before []string
	for n := 1; ; n++ {
		x, errX := left.ReadString('\n')
		y, errY := right.ReadString('\n')
		for _, err := range []error{errX, errY} {
			if err != nil && !errors.Is(err, io.EOF) {
				return "", fmt.Errorf("sim: comparing traces at line %d: %w", n, err)
			}
		}
		if x != y {
			return describeDifference(n, before, x, y), nil
		}
		if errX != nil { // both end here
			return "", nil
		}
		if before = append(before, x); len(before) > contextLines {
			before = before[1:]
		}
	}
}

func describeDifference(n int, before []string, x, y string) string {
	show := func(line string) string {
		if line == "" {
			return "(the trace ends)"
		}
		return strings.TrimSuffix(line, "\n")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the traces differ from line %d on:\n", n)
	for _, line := range before {
		fmt.Fprintf(&b, "    %s\n", show(line))
	}
	fmt.Fprintf(&b, "  - %s\n  + %s\n", show(x), show(y))
	return b.String()
}
