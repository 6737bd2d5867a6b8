package plain

import "strings"

// SetGet is a protocol in few words: SET key value is answered by OK, GET key by VALUE value, or VALUE alone where there is
// none, STATUS by the role and a digest; any other answer refuses.
type SetGet struct{}

// Ask implements [Protocol].
func (SetGet) Ask(op Op) string {
	if op.Write {
		return "SET " + op.Key + " " + op.Value
	}
	return "GET " + op.Key
}

// Heard implements [Protocol].
func (SetGet) Heard(op Op, line string) Answer {
	value, found := strings.CutPrefix(line, "VALUE ")
	switch {
	case op.Write && line == "OK":
		return Answer{}
	case !op.Write && (found || line == "VALUE"):
		return Answer{Value: value, Found: found}
	}
	return Answer{Outcome: Refused, Why: line}
}

// Status implements [Protocol].
func (SetGet) Status() string { return "STATUS" }

// State implements [Protocol].
func (SetGet) State(line string) State {
	role, digest, _ := strings.Cut(line, " ")
	return State{Role: role, Digest: digest}
}
