package node

import "strconv"

// LogLevel is the importance of a log line, by the character that Redis prints for it.
type LogLevel byte

// The levels, least important first.
const (
	LogDebug   LogLevel = '.'
	LogVerbose LogLevel = '-'
	LogNotice  LogLevel = '*'
	LogWarning LogLevel = '#'
)

// AtLeast says whether a line of level l is printed where the least level printed is least.
func (l LogLevel) AtLeast(least LogLevel) bool { return l.rank() >= least.rank() }

func (l LogLevel) rank() int {
	switch l {
	case LogDebug:
		return 0
	case LogVerbose:
		return 1
	case LogNotice:
		return 2
	default:
		return 3
	}
}

// LogLine renders a line as Redis 4.0 does: "pid:role dd Mon hh:mm:ss.mmm level text", without a newline. role is
// M, S, C or X. The time is UTC.
func LogLine(pid int, role byte, now Instant, level LogLevel, text string) string {
	b := make([]byte, 0, 40+len(text))
	b = strconv.AppendInt(b, int64(pid), 10)
	b = append(b, ':', role, ' ')
	b = now.Time().AppendFormat(b, "02 Jan 15:04:05.000")
	b = append(b, ' ', byte(level), ' ')
	b = append(b, text...)
	return string(b)
}
