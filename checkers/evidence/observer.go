package evidence

import (
	"strings"

	"github.com/ordeal-go/ordeal/checkers"
)

// Unseen says which server did not tell the observer what, and why; "" if all did.
func Unseen(r *checkers.Record, what string) string {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "unseen" && n.Key == what {
			return n.Machine + ": " + n.Text
		}
	}
	return ""
}

// IsError says whether text is a Redis error of kind code, with or without the dash of the wire.
func IsError(text, code string) bool {
	return strings.HasPrefix(strings.TrimPrefix(text, "-"), code)
}
