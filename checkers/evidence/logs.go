package evidence

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories/versions"
)

// ParseRequest reads what a replica logs when it asks to go on.
func ParseRequest(line string) (replid string, offset int64, ok bool) {
	return parseIDOffset(strings.TrimSuffix(After(line, versions.Request), ")."))
}

func parseIDOffset(text string) (string, int64, bool) {
	id, number, found := strings.Cut(text, ":")
	offset, err := strconv.ParseInt(number, 10, 64)
	return id, offset, found && err == nil
}

// parsePromotion reads what a replica logs when it becomes a master: the history that it leaves, the first offset that
// it does not share with it, and its new history.
func parsePromotion(line string) (old string, offset2 int64, id string, ok bool) {
	old, rest, found := strings.Cut(After(line, versions.Promotion), ", valid up to offset: ")
	if !found {
		return "", 0, "", false
	}
	number, id, found := strings.Cut(rest, ". New replication ID is ")
	offset2, err := strconv.ParseInt(number, 10, 64)
	return old, offset2, id, found && err == nil
}

// ParseMismatch reads a refusal because of the replication ID: the one asked for, and the master's two.
func ParseMismatch(line string) (asked, first, second string, ok bool) {
	quoted := strings.Split(After(line, versions.Mismatch), "'")
	if len(quoted) != 6 {
		return "", "", "", false
	}
	return quoted[0], quoted[2], quoted[4], true
}

// ParseSecondOffset reads a refusal because the second history ends before the offset asked for.
func ParseSecondOffset(line string) (asked, offset2 int64, ok bool) {
	a, b, found := strings.Cut(After(line, versions.SecondOffset), ", but I can reply up to ")
	asked, err1 := strconv.ParseInt(a, 10, 64)
	offset2, err2 := strconv.ParseInt(strings.TrimSuffix(b, "."), 10, 64)
	return asked, offset2, found && err1 == nil && err2 == nil
}

// After returns what follows the words of the event in line, or "".
func After(line string, e versions.Event) string {
	rest, _ := versions.After(line, e)
	return rest
}
