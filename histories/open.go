package histories

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// Format is how a history is written.
type Format string

// The formats that are read.
const (
	JSONLines Format = "jsonl"      // FORMAT.md
	EDN       Format = "edn"        // Jepsen's history.edn, and porcupine's logs of a key–value store
	JepsenLog Format = "jepsen-log" // lines of Jepsen's log, as porcupine keeps them
)

// Decode reads a history in any format that is read, also compressed by gzip, and says which it was. It goes by how the
// history begins. The mapping says how one of another tool is to be understood.
func Decode(r io.Reader, m Mapping) (*History, Format, error) {
	in, size := bufio.NewReaderSize(r, 1<<16), sizeOf(r)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, "", fmt.Errorf("the file begins as if gzip had made it: %w", err)
		}
		in, size = bufio.NewReaderSize(unzipped, 1<<16), 0
	}
	format := formatOf(in)
	var h *History
	var err error
	switch format {
	case EDN:
		h, err = ReadEDN(in, m)
	case JepsenLog:
		h, err = ReadJepsenLog(in, m)
	default:
		h, err = read(in, size)
	}
	return h, format, err
}

// formatOf looks at the begin of a history.
func formatOf(in *bufio.Reader) Format {
	head, _ := in.Peek(4096)
	text := bytes.TrimLeft(head, " \t\r\n,")
	switch {
	case bytes.Contains(head, []byte(jepsenLog)) && !bytes.HasPrefix(text, []byte("{")):
		return JepsenLog
	case len(text) == 0:
		return JSONLines
	case text[0] == '[' || text[0] == '(' || text[0] == ';' || text[0] == '#':
		return EDN
	case text[0] == '{' && !bytes.HasPrefix(bytes.TrimLeft(text[1:], " \t\r\n"), []byte(`"`)):
		return EDN
	}
	return JSONLines
}
