package commands

import (
	"strings"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Authentication holds servers to their password: no wrong one is taken, and who gave a wrong one is refused everything
// until the right one comes. Since 6.0, whoever was let in before stays so: its errors have another word. Redis 4.0:
// server.c, authCommand and processCommand; redis.conf, requirepass.
type Authentication struct{}

// Name implements Checker.
func (Authentication) Name() string { return "authentication" }

// Check implements Checker.
func (Authentication) Check(r *checkers.Record) checkers.Verdict {
	var q checkers.Inquiry
	q.Saw("wrong passwords", 0)
	q.Saw("wrong passwords where one is set", 0)
	for i := range r.Ops {
		op := &r.Ops[i]
		if r.Model(op) != "intruder" || op.Outcome != histories.OK {
			continue
		}
		q.Saw("wrong passwords", 1)
		auth, after := op.Result.Elem(0).Str(), op.Result.Elem(1).Str()
		forgets := strings.Contains(auth, "invalid password") // until 5.0; since 6.0 a connection stays who it was
		if forgets || evidence.IsError(auth, "WRONGPASS") {
			q.Saw("wrong passwords where one is set", 1)
		}
		switch {
		case auth == "OK":
			q.Breach(op.Returned, op.Node, []int{i}, "took the password %s of %s, which is wrong", op.Arg, op.Process)
		case forgets && !evidence.IsError(after, "NOAUTH"):
			q.Breach(op.Returned, op.Node, []int{i}, "refused the password %s of %s, and answered its next command all the same: %s", op.Arg, op.Process, after)
		}
	}
	missing := ""
	if q.Count("wrong passwords") == 0 {
		missing = "nobody tried a wrong password"
	}
	return q.Verdict(missing, "no wrong password was taken")
}

func (Authentication) Promise(r *checkers.Record) checkers.Promise {
	if !r.Works("intruder") {
		return checkers.Nobody("nobody tries a wrong password")
	}
	return checkers.Unbroken()
}
