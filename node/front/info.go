package front

import (
	"strconv"
	"strings"
)

// Section is a part of INFO. An unusual one comes only when it is asked for.
type Section struct {
	Name    string // in lower case
	Unusual bool
	Write   func(b []byte) []byte // appends the section with its headline
}

// AppendInfo appends the sections that are wanted: one by its name, "default" or "all".
// Redis 4.0: server.c, genRedisInfoString.
func AppendInfo(b []byte, sections []Section, want string) []byte {
	want = strings.ToLower(want)
	for _, section := range sections {
		if want != section.Name && want != "all" && (want != "default" || section.Unusual) {
			continue
		}
		if len(b) > 0 {
			b = append(b, "\r\n"...)
		}
		b = section.Write(b)
	}
	return b
}

// Field appends a line of INFO.
func Field(b []byte, name, value string) []byte {
	b = append(append(b, name...), ':')
	return append(append(b, value...), "\r\n"...)
}

// IntField appends a line with a number.
func IntField(b []byte, name string, value int64) []byte {
	b = append(append(b, name...), ':')
	return append(strconv.AppendInt(b, value, 10), "\r\n"...)
}

// BoolField appends a line with 1 or 0.
func BoolField(b []byte, name string, value bool) []byte {
	if value {
		return IntField(b, name, 1)
	}
	return IntField(b, name, 0)
}

// SizeFields appends a number of bytes, for programs and for people.
func SizeFields(b []byte, name string, bytes int64) []byte {
	b = IntField(b, name, bytes)
	return Field(b, name+"_human", humanBytes(bytes))
}

// humanBytes prints a size as people like it. Redis 4.0: server.c, bytesToHuman.
func humanBytes(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + "B"
	}
	f, unit := float64(n), ""
	for _, unit = range []string{"K", "M", "G", "T", "P"} {
		if f /= 1 << 10; f < 1<<10 {
			break
		}
	}
	return strconv.FormatFloat(f, 'f', 2, 64) + unit
}
