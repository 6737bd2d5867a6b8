package live

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// rdbMax is the RDB version that ordeal-node reads, that of Redis 4.0.
const rdbMax = 8

// laterDirectives are what later versions write into a configuration file and 4.0 does not know, and renamed what they
// call otherwise.
var laterDirectives = map[string]bool{"user": true, "latency-tracking-info-percentiles": true, "bind-source-addr": true,
	"enable-debug-command": true, "oom-score-adj": true, "oom-score-adj-values": true, "locale-collate": true,
	"sentinel resolve-hostnames": true, "sentinel announce-hostnames": true}

var renamedDirectives = strings.NewReplacer("replicaof", "slaveof", "known-replica", "known-slave", "min-replicas-", "min-slaves-", "replica-", "slave-")

// downgrade makes a machine's files ones that an older version can read: the configuration in its words, and no RDB in a
// later format. The data comes back from the master.
func (m *machine) downgrade() error {
	if m.spec.ConfigPath == "" {
		return nil
	}
	text, err := os.ReadFile(m.spec.ConfigPath)
	if err != nil {
		return fmt.Errorf("live: machine %s: %w", m.spec.Name, err)
	}
	if err := os.WriteFile(m.spec.ConfigPath, []byte(olderWords(string(text))), 0o600); err != nil {
		return fmt.Errorf("live: machine %s: %w", m.spec.Name, err)
	}
	rdb := m.rdbPath()
	head := make([]byte, 9)
	f, err := os.Open(rdb)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("live: machine %s: %w", m.spec.Name, err)
	}
	n, _ := f.Read(head)
	f.Close()
	if version, err := strconv.Atoi(string(bytes.TrimPrefix(head[:n], []byte("REDIS")))); err == nil && version <= rdbMax {
		return nil
	}
	return os.Rename(rdb, rdb+".later")
}

// olderWords says a configuration in words of 4.0. What is the same in both words, as known-replica beside a known-slave
// of an earlier program, is said once: a Sentinel takes the second for a duplicate and ends.
func olderWords(text string) string {
	var b strings.Builder
	said := map[string]bool{}
	for _, line := range strings.SplitAfter(text, "\n") {
		words := strings.Fields(line)
		if len(words) > 0 && laterDirectives[words[0]] || len(words) > 1 && laterDirectives[words[0]+" "+words[1]] {
			continue
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			b.WriteString(line)
			continue
		}
		directive := 1
		if words[0] == "sentinel" && len(words) > 1 {
			directive = 2
		}
		older := renamedDirectives.Replace(strings.Join(words[:directive], " "))
		for _, w := range words[directive:] {
			older += " " + w
		}
		if strings.HasPrefix(older, "sentinel known-") {
			if said[older] {
				continue
			}
			said[older] = true
		}
		b.WriteString(older + "\n")
	}
	return b.String()
}
