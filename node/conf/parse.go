package conf

import (
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Reasons that any directive can fail for, in Redis's words.
const (
	BadDirective     = "Bad directive or wrong number of arguments"
	NotYesOrNo       = "argument must be 'yes' or 'no'"
	UnbalancedQuotes = "Unbalanced quotes in configuration line"
)

// blanks are what Redis trims from both ends of a line.
const blanks = " \t\r\n"

// Line is a directive.
type Line struct {
	Number int      // in its file, from 1
	Text   string   // without the blanks around it
	Args   []string // at least one; Args[0] is the option's name in lower case
}

// Errorf returns the error of a node that cannot accept l.
func (l Line) Errorf(format string, args ...any) *Error {
	return &Error{Line: l.Number, Text: l.Text, Reason: fmt.Sprintf(format, args...)}
}

// Error is a line that a node refuses to start with.
type Error struct {
	Line   int // from 1
	Text   string
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("configuration line %d: %s: %s", e.Line, e.Text, e.Reason)
}

// Block returns the lines that Redis prints on standard error before it exits with status 1.
// Redis 4.0: config.c, loadServerConfigFromString.
func (e *Error) Block() []string {
	return []string{
		"",
		"*** FATAL CONFIG FILE ERROR ***",
		fmt.Sprintf("Reading the configuration file, at line %d", e.Line),
		fmt.Sprintf(">>> '%s'", e.Text),
		e.Reason,
	}
}

// Parse returns the directives of text in their order. The error, of the first line that cannot be split into
// words, is an [*Error]; the lines before it are returned too, because Redis acts on them before it stops.
func Parse(text string) ([]Line, error) {
	var lines []Line
	for i, raw := range strings.Split(text, "\n") {
		line := strings.Trim(raw, blanks)
		if line == "" || line[0] == '#' {
			continue
		}
		args, ok := words(line)
		if !ok {
			return lines, &Error{Line: i + 1, Text: line, Reason: UnbalancedQuotes}
		}
		if len(args) > 0 {
			lines = append(lines, Line{Number: i + 1, Text: line, Args: args})
		}
	}
	return lines, nil
}

// words splits a line that is no comment; the first word comes in lower case.
func words(line string) ([]string, bool) {
	split, ok := resp.SplitArgs([]byte(line))
	if !ok {
		return nil, false
	}
	args := make([]string, len(split))
	for i, arg := range split {
		args[i] = string(arg)
	}
	if len(args) > 0 {
		args[0] = strings.ToLower(args[0])
	}
	return args, true
}
