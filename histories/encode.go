package histories

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"
)

// A line is rendered by hand: a run streams a line for everything that happens, and reflection would be most of the
// time spent.

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string. JSON cannot carry bytes that are not UTF-8, and a damaged value is just what
// a history must not blur: such a string, and one that begins with a zero byte, becomes a zero and its base64.
func appendText(b []byte, s string) []byte {
	if !utf8.ValidString(s) || s != "" && s[0] == 0 {
		s = "\x00" + base64.StdEncoding.EncodeToString([]byte(s))
	}
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// plainText is what appendText wrote, decoded by a JSON parser, before it was written.
func plainText(s string) (string, error) {
	if s == "" || s[0] != 0 {
		return s, nil
	}
	b, err := base64.StdEncoding.DecodeString(s[1:])
	return string(b), err
}

func appendTime(b []byte, at time.Duration) []byte {
	b = append(b, `{"t":`...)
	return strconv.AppendInt(b, int64(at), 10)
}

// appendField appends ,"name":"value" unless value is empty.
func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(appendName(b, name), value)
}

func appendNumber(b []byte, name string, value int64) []byte {
	if value == 0 {
		return b
	}
	return strconv.AppendInt(appendName(b, name), value, 10)
}

func appendName(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func appendNote(b []byte, n *Note) []byte {
	b = appendTime(b, n.Time)
	b = appendText(appendName(b, "machine"), n.Machine)
	b = appendText(appendName(b, "note"), n.Kind)
	b = appendField(b, "from", n.From)
	b = appendField(b, "role", n.Role)
	b = appendField(b, "link", n.Link)
	b = appendField(b, "replid", n.ReplID)
	b = appendField(b, "replid2", n.ReplID2)
	b = appendNumber(b, "offset", n.Offset)
	b = appendNumber(b, "offset2", n.Offset2)
	b = appendField(b, "peer", n.Peer)
	b = appendField(b, "result", n.Result)
	b = appendField(b, "reason", n.Reason)
	b = appendField(b, "asked_id", n.AskedID)
	b = appendNumber(b, "asked_offset", n.AskedOffset)
	b = appendField(b, "digest", n.Digest)
	b = appendNumber(b, "n", n.N)
	b = appendNumber(b, "m", n.M)
	b = appendField(b, "id", n.ID)
	b = appendField(b, "master", n.Master)
	b = appendField(b, "leader", n.Leader)
	b = appendNumber(b, "epoch", n.Epoch)
	b = appendField(b, "event", n.Event)
	b = appendField(b, "text", n.Text)
	b = appendField(b, "key", n.Key)
	b = appendNumber(b, "took", int64(n.Took))
	return append(b, '}')
}
