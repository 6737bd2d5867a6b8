package server

import (
	"math/rand/v2"

	"github.com/ordeal-go/ordeal/node/conf"
)

// Refusal says why a server would not start with the directives of text, or nil if it takes them all. It reads no file:
// what an include leads to is not looked at. The error is a [*conf.Error].
func Refusal(text string) error {
	s := New(Options{Dir: "/", Rand: rand.New(rand.NewPCG(0, 0))})
	lines, err := conf.Parse(text)
	for _, line := range lines {
		if line.Args[0] == "include" {
			continue
		}
		d := s.directiveNamed(line.Args[0])
		reason := conf.BadDirective
		if d != nil && d.read != nil {
			reason = d.read(&s.cfg, line.Args)
		}
		if reason != "" {
			return line.Errorf("%s", reason)
		}
	}
	return err
}
