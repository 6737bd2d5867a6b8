package histories

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bySlow reads lines with the JSON parser alone.
func bySlow(text string) (*History, error) {
	rd := reader{h: &History{}, open: map[string]int{}, faults: map[int]int{}}
	for _, line := range strings.Split(text, "\n") {
		rd.line++
		if strings.TrimSpace(line) == "" {
			continue
		}
		if rd.header && !rd.h.Complete {
			var l anyLine
			if err := rd.decode([]byte(line), &l); err == nil && l.Op != nil && l.plain() == nil {
				// A line that the other reader takes by hand: what it is, the parser says here.
				if by := new(plainReader).operation([]byte(line)); by != nil {
					want, _ := json.Marshal(&l)
					got, _ := json.Marshal(by)
					if string(want) != string(got) {
						return nil, rd.fault("read by hand as %s, by the parser as %s", got, want)
					}
				}
			} else if err != nil && new(plainReader).operation([]byte(line)) != nil {
				return nil, rd.fault("read by hand, refused by the parser: %w", err)
			}
		}
		if err := rd.take([]byte(line)); err != nil {
			return rd.h, nil
		}
	}
	return rd.h, nil
}

func TestPlainLinesAreReadAsTheParserReadsThem(t *testing.T) {
	header := `{"ordeal":2,"scenario":"x","seed":1,"world":"sim"}` + "\n"
	for _, line := range []string{
		`{"t":1,"op":"invoke","process":"a","f":"write","key":"k","arg":"v","node":"m1"}`,
		`{"t":1, "op":"invoke", "process":"a", "f":"add", "arg":-17}`,
		`{"t":1,"op":"invoke","process":"a","workload":"w","f":"read","final":true}`,
		`{"t":2,"op":"ok","process":"a","result":true}`,
		`{"t":2,"op":"info","process":"a","error":"timeout"}`,
		`{"t":2,"op":"ok","process":"","result":""}`,
	} {
		require.NotNil(t, new(plainReader).operation([]byte(line)), line)
		_, err := bySlow(header + line)
		require.NoError(t, err)
	}
	for _, line := range []string{
		`{"t":1,"op":"invoke","process":"a","f":"write","arg":"ü"}`, `{"t":1,"op":"invoke","process":"a","f":"write","arg":"\n"}`,
		`{"t":1,"op":"invoke","process":"a","f":"write","arg":["a","b"]}`, `{"t":1,"op":"ok","process":"a","result":null}`,
		`{"t":1.0,"op":"ok","process":"a"}`, `{"t":01,"op":"ok","process":"a"}`, `{"t":-1,"op":"ok","process":"a"}`,
		`{"t":1,"t":2,"op":"ok","process":"a"}`, `{"t":1,"OP":"ok","process":"a"}`, `{"t":1,"op":"ok","process":"a",}`,
		`{"t":1,"op":"ok","process":"a"}}`, `{"t":1,"op":"ok" "process":"a"}`, `{}`, `{"t":1,"note":"up","machine":"m1"}`, ``, `{"t":1,"op":3}`,
		`{"t":1,"op":"ok","process":"a","result":12345678901234567890}`,
	} {
		require.Nil(t, new(plainReader).operation([]byte(line)), line)
	}
}

// FuzzPlain holds what is read by hand to what the parser makes of it.
func FuzzPlain(f *testing.F) {
	f.Add(`{"t":1,"op":"invoke","process":"a","f":"write","key":"k","arg":"v","node":"m1"}`)
	f.Add(`{"t":1, "op":"ok","process":"a","result":-0}`)
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") {
			return
		}
		if _, err := bySlow(`{"ordeal":2,"scenario":"x","seed":1,"world":"sim"}` + "\n" + line); err != nil {
			t.Fatal(err)
		}
	})
}
