package sentinel

import "math/rand/v2"

// Refusal says why a Sentinel would not start with the directives of text, or nil if it takes them all. The error is a
// *conf.Error. Whether the scripts that it names exist is not looked at.
func Refusal(text string) error {
	return New(Options{Dir: "/", Rand: rand.New(rand.NewPCG(0, 0))}).configure(text)
}
