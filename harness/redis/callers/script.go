package callers

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Script is Bank by scripts: what a transfer looks at, decides and does is one EVALSHA, or EVAL where a server does not
// know the script. Half of the transfers reach replicas as the script, half as what it did.
func Script() *Kind {
	return &Kind{
		Name:  "script",
		About: "the bank, opened and moved by scripts: EVALSHA, and EVAL where a server knows none; MGET of all accounts",
		Model: "bank", Commands: []string{"EVAL", "EVALSHA", "MGET"},
		draw: drawBank, begin: beginScript, hear: hearScript,
		final: func(*work) []Op { return []Op{{Func: histories.FuncRead}} },
	}
}

const (
	openScript = `if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i]) end
return 1`

	// A transfer has done nothing when it fails up to its third line, and half of what it should when it fails later.
	transferScript = `local from, to = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not from or not to or tonumber(from) < tonumber(ARGV[1]) then return 0 end
redis.call('DECRBY', KEYS[1], ARGV[1])
if ARGV[2] then redis.call('SET', KEYS[3], ARGV[2]) end
redis.call('INCRBY', KEYS[2], ARGV[1])
return 1`

	firstWrite = 3 // line of the transfer
)

// asEffects makes replicas hear of what a script did, in the place of the script.
const asEffects = "redis.replicate_commands() "

// script is the EVAL that does a write, from the second word on.
func (op *Op) script() []string {
	if op.Func == models.FuncOpen {
		words := []string{openScript, strconv.Itoa(len(op.work.keys))}
		words = append(words, op.work.keys...)
		for _, balance := range op.Arg.Elems() {
			words = append(words, balance.Str())
		}
		return words
	}
	from, to, amount := op.transfer()
	sum := strconv.FormatInt(amount, 10)
	if !op.told.True() {
		text := transferScript
		if amount%2 == 0 {
			text = asEffects + text
		}
		return []string{text, "2", from, to, sum}
	}
	return []string{asEffects + transferScript, "3", from, to, op.work.keys[0] + ":receipt", sum, receipt}
}

func beginScript(op *Op, t *Talk) {
	if op.Func == histories.FuncRead {
		t.Ask(append([]string{"MGET"}, op.work.keys...)...)
		return
	}
	words := op.script()
	sum := sha1.Sum([]byte(words[0]))
	t.Ask(append([]string{"EVALSHA", hex.EncodeToString(sum[:])}, words[1:]...)...)
}

func hearScript(op *Op, t *Talk, r resp.Reply) {
	text := string(r.Str)
	switch {
	case r.IsError() && strings.HasPrefix(text, "NOSCRIPT") && t.heard == 1:
		t.Ask(append([]string{"EVAL"}, op.script()...)...)
	case r.IsError() && failedAfter(op, text):
		t.Unknown(text)
	case r.IsError():
		t.Refused(reasonOf(text))
	case op.Func == histories.FuncRead:
		t.Done(balances(r))
	default:
		t.Done(histories.Bool(r.Int == 1))
	}
}

// reasonOf is the error that a command of the script was refused with. 4.0 puts it behind where that was.
func reasonOf(text string) string {
	if i := strings.LastIndex(text, ": -"); i >= 0 {
		return strings.TrimSpace(text[i+len(": -"):])
	}
	return text
}

// failedAfter says whether the error of a script came after its first write may have been done.
func failedAfter(op *Op, text string) bool {
	const place = "user_script:"
	_, rest, ran := strings.Cut(text, place)
	if !ran {
		return false // the server did not run it
	}
	end := 0
	for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
		end++
	}
	line, err := strconv.Atoi(rest[:end])
	if op.Func == models.FuncOpen { // its line that writes is a loop, of which the state of the server refuses the whole
		code, _, _ := strings.Cut(reasonOf(text), " ")
		return !slices.Contains([]string{"READONLY", "NOREPLICAS", "MISCONF", "OOM"}, code)
	}
	return err != nil || line > firstWrite
}
