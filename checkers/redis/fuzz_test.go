package redis_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/corpus"
)

// FuzzCheckers gives every checker histories that no cluster ever had: it may call them what it likes, and neither
// breaks down nor hangs.
func FuzzCheckers(f *testing.F) {
	for _, name := range corpus.Names() {
		text, err := corpus.Text(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := histories.Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		for _, c := range redis.All() {
			if c.Name() == "linearizable" {
				c = checkers.Linearizable{Steps: 20_000}
			}
			if v := checkers.Judge(c, checkers.NewRecord(h)); strings.Contains(v.Why, "broke down") {
				t.Fatalf("%v\n%v", v, v.Findings)
			}
		}
	})
}
