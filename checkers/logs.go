package checkers

import (
	"strconv"
	"strings"
)

// What a Redis says in its log about resynchronizations, since 4.0 (replication.c) and in the same words, but for
// "Replica" instead of "Slave", to this day.

// parseFullSync reads what a replica logs when its data is about to be replaced.
func parseFullSync(line string) (replid string, offset int64, ok bool) {
	return parseIDOffset(after(line, "Full resync from master: "))
}

// parseRequest reads what a replica logs when it asks to go on.
func parseRequest(line string) (replid string, offset int64, ok bool) {
	return parseIDOffset(strings.TrimSuffix(after(line, "Trying a partial resynchronization (request "), ")."))
}

func parseIDOffset(text string) (string, int64, bool) {
	id, number, found := strings.Cut(text, ":")
	offset, err := strconv.ParseInt(number, 10, 64)
	return id, offset, found && err == nil
}

// parsePromotion reads what a replica logs when it becomes a master: the history that it leaves, the first offset that
// it does not share with it, and its new history.
func parsePromotion(line string) (old string, offset2 int64, id string, ok bool) {
	old, rest, found := strings.Cut(after(line, "Setting secondary replication ID to "), ", valid up to offset: ")
	if !found {
		return "", 0, "", false
	}
	number, id, found := strings.Cut(rest, ". New replication ID is ")
	offset2, err := strconv.ParseInt(number, 10, 64)
	return old, offset2, id, found && err == nil
}

// parseMismatch reads a refusal because of the replication ID: the one asked for, and the master's two.
func parseMismatch(line string) (asked, first, second string, ok bool) {
	rest := after(line, "Partial resynchronization not accepted: Replication ID mismatch (")
	quoted := strings.Split(rest, "'")
	if len(quoted) != 7 {
		return "", "", "", false
	}
	return quoted[1], quoted[3], quoted[5], true
}

// parseSecondOffset reads a refusal because the second history ends before the offset asked for.
func parseSecondOffset(line string) (asked, offset2 int64, ok bool) {
	a, b, found := strings.Cut(after(line, "Requested offset for second ID was "), ", but I can reply up to ")
	asked, err1 := strconv.ParseInt(a, 10, 64)
	offset2, err2 := strconv.ParseInt(strings.TrimSuffix(b, "."), 10, 64)
	return asked, offset2, found && err1 == nil && err2 == nil
}

// snapshotBegins says whether a server has begun to write its dataset to the RDB file as it is at that moment.
func snapshotBegins(line string) bool {
	return strings.Contains(line, "Background saving started by pid") || strings.Contains(line, "Saving the final RDB snapshot before exiting")
}

// snapshotDone says whether such a file is in its place.
func snapshotDone(line string) bool {
	return strings.Contains(line, "Background saving terminated with success") || strings.Contains(line, "DB saved on disk")
}

// after returns what follows marker in line, or "".
func after(line, marker string) string {
	_, rest, _ := strings.Cut(line, marker)
	return rest
}
