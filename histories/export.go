package histories

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteEDN writes the operations and faults of h as Jepsen has them: a map a line. A result that :value does not tell, as
// the new sum of an add, is in :result. What EDN cannot carry, bytes that are no UTF-8, is an error.
func WriteEDN(w io.Writer, h *History) error {
	out := bufio.NewWriterSize(w, 1<<16)
	index := 0
	for _, s := range order(h) {
		text, err := ednLine(h, s, index)
		if err != nil {
			return err
		}
		if text != "" {
			index++
			out.WriteString(text)
		}
	}
	return out.Flush()
}

func ednLine(h *History, s step, index int) (string, error) {
	var kind, process, f, key, text string
	var value, result Value
	switch s.kind {
	case stepInvoke, stepReturn:
		op := &h.Ops[s.index]
		kind, process, f, key, value = "invoke", op.Process, op.Func, op.Key, op.Arg
		if s.kind == stepReturn {
			kind, text = string(op.Outcome), op.Error
			if e := (jepsenEvent{value: value}); op.Outcome == OK {
				if op.Arg.IsNothing() || op.Func == "txn" {
					e.value, value = op.Result, op.Result
				}
				if !e.found(op).Equal(op.Result) {
					result = op.Result
				}
			}
		}
	case stepFaultStart, stepFaultStop:
		kind, process, f = "info", "nemesis", h.Faults[s.index].Text
	default:
		return "", nil
	}
	b := fmt.Appendf(nil, "{:index %d, :time %d, :type :%s, :process %s, :f %s", index, int64(s.at), kind,
		ednProcess(process), ednKeyword(f))
	if key != "" {
		b = append(b, ", :key "...)
		b = appendEDN(b, Text(key))
	}
	b = append(b, ", :value "...)
	b = appendEDN(b, value)
	if !result.IsNothing() {
		b = append(b, ", :result "...)
		b = appendEDN(b, result)
	}
	if text != "" {
		b = append(b, ", :error "...)
		b = appendEDN(b, Text(text))
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("the operation of %s at %v has bytes that are no UTF-8, which EDN cannot carry",
			process, s.at)
	}
	return string(append(b, '}', '\n')), nil
}

// ednProcess is a process: a number as it is, the nemesis as Jepsen calls it, any other name as a string.
func ednProcess(name string) string {
	if n, err := strconv.ParseInt(name, 10, 64); err == nil && strconv.FormatInt(n, 10) == name {
		return name
	}
	if name == "nemesis" {
		return ":nemesis"
	}
	return string(appendEDN(nil, Text(name)))
}

// ednKeyword is a function's name as a keyword if it can be one, else as a string.
func ednKeyword(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) {
		return string(appendEDN(nil, Text(name)))
	}
	return ":" + name
}

func appendEDN(b []byte, v Value) []byte {
	switch v.kind {
	case text:
		b = append(b, '"')
		word := v.str()
		for i := range len(word) {
			switch c := word[i]; c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, c)
			}
		}
		return append(b, '"')
	case integer:
		return strconv.AppendInt(b, v.n, 10)
	case truth:
		return strconv.AppendBool(b, v.n != 0)
	case list:
		b = append(b, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendEDN(b, e)
		}
		return append(b, ']')
	}
	return append(b, "nil"...)
}

// WritePorcupine writes the operations of h as porcupine's logs of a key–value store have them, with get, put and append
// of texts; processes are numbered in order of their first operation. An operation of unknown outcome is left open, and
// its process goes on under a new number; one that did not happen is left out. Other functions are an error.
func WritePorcupine(w io.Writer, h *History) error {
	names := map[string]string{FuncRead: "get", FuncWrite: "put", "append": "append"}
	out := bufio.NewWriterSize(w, 1<<16)
	numbers, next := map[string]int{}, 0
	for _, s := range order(h) {
		if s.kind != stepInvoke && s.kind != stepReturn {
			continue
		}
		op := &h.Ops[s.index]
		f, known := names[op.Func]
		if !known {
			return fmt.Errorf("porcupine's logs have get, put and append only, and %s does %q: write EDN instead",
				op.Process, op.Func)
		}
		if op.Outcome == Fail {
			continue
		}
		if _, known := numbers[op.Process]; !known {
			numbers[op.Process] = next
			next++
		}
		kind, value := "invoke", op.Arg
		if s.kind == stepReturn {
			kind = "ok"
		}
		if op.Func == FuncRead && s.kind == stepReturn {
			value = Text(op.Result.Str())
		} else if op.Func != FuncRead {
			value = Text(op.Arg.Str())
		}
		if op.Outcome == Info && s.kind == stepReturn {
			delete(numbers, op.Process)
			continue
		}
		line := fmt.Appendf(nil, "{:process %d, :type :%s, :f :%s, :key ", numbers[op.Process], kind, f)
		line = append(appendEDN(line, Text(op.Key)), ", :value "...)
		line = append(appendEDN(line, value), '}', '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}
