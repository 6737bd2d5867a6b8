package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandLinesAreReadAsRedisServerReadsThem(t *testing.T) {
	cwd, err := os.Getwd()
	require.NoError(t, err)
	abs := func(name string) string { return filepath.Join(cwd, name) }
	for _, c := range []struct {
		name string
		argv []string
		want commandLine
	}{
		{"nothing", []string{"ordeal-node"}, commandLine{}},
		{"a file", []string{"ordeal-node", "redis.conf"}, commandLine{configPath: abs("redis.conf")}},
		{"an absolute file", []string{"ordeal-node", "/etc/redis.conf"}, commandLine{configPath: "/etc/redis.conf"}},
		{"standard input", []string{"ordeal-node", "-"}, commandLine{stdin: true}},
		{"options", []string{"ordeal-node", "--port", "6380", "--slaveof", "127.0.0.1", "6379"},
			commandLine{lines: []string{`port "6380"`, `slaveof "127.0.0.1" "6379"`}}},
		{"a file and options", []string{"ordeal-node", "a.conf", "--save", "", "--appendonly", "no"},
			commandLine{configPath: abs("a.conf"), lines: []string{`save ""`, `appendonly "no"`}}},
		{"an argument with one dash", []string{"ordeal-node", "--list-max-ziplist-size", "-2"},
			commandLine{lines: []string{`list-max-ziplist-size "-2"`}}},
		{"an argument that needs quotes", []string{"ordeal-node", "--requirepass", "a \"b\"\n"},
			commandLine{lines: []string{`requirepass "a \"b\"\n"`}}},
		{"Sentinel by option", []string{"ordeal-node", "s.conf", "--sentinel"},
			commandLine{configPath: abs("s.conf"), sentinel: true}},
		{"Sentinel by option, with another", []string{"ordeal-node", "s.conf", "--sentinel", "--port", "26380"},
			commandLine{configPath: abs("s.conf"), sentinel: true, lines: []string{`port "26380"`}}},
		{"Sentinel directive", []string{"ordeal-node", "s.conf", "--sentinel", "monitor", "m", "::1", "6379", "2"},
			commandLine{configPath: abs("s.conf"), sentinel: true, lines: []string{`sentinel "monitor" "m" "::1" "6379" "2"`}}},
		{"Sentinel by Redis's name", []string{"/usr/bin/redis-sentinel", "s.conf"},
			commandLine{configPath: abs("s.conf"), sentinel: true}},
		{"Sentinel by our name", []string{"ordeal-sentinel", "s.conf"}, commandLine{configPath: abs("s.conf"), sentinel: true}},
		{"a folder's name says nothing", []string{"/opt/redis-sentinel/ordeal-node"}, commandLine{}},
		{"notes", []string{"ordeal-node", "--ordeal-notes", "n.jsonl", "--port", "1"},
			commandLine{notes: abs("n.jsonl"), lines: []string{`port "1"`}}},
		{"notes in one word", []string{"ordeal-node", "--ordeal-notes=/n"}, commandLine{notes: "/n"}},
		{"version", []string{"ordeal-node", "--version", "--port"}, commandLine{version: true}},
		{"version of a Sentinel", []string{"redis-sentinel", "-v"}, commandLine{version: true, sentinel: true}},
		{"help", []string{"ordeal-node", "-h"}, commandLine{help: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseCommandLine(c.argv)
			require.NoError(t, err)
			require.Equal(t, c.want, *got)
		})
	}
}

func TestCommandLinesThatCannotBeMeant(t *testing.T) {
	for says, argv := range map[string][]string{
		"Sentinel config from STDIN not allowed":                  {"redis-sentinel", "-"},
		"--ordeal-notes takes one file name, got 0 words":         {"ordeal-node", "--ordeal-notes"},
		"--ordeal-notes takes one file name, got 2 words":         {"ordeal-node", "--ordeal-notes", "a", "b"},
		"Sentinel config from STDIN not allowed: it must be a fi": {"ordeal-node", "-", "--sentinel"},
	} {
		_, err := parseCommandLine(argv)
		require.ErrorContains(t, err, says)
	}
}

func TestVersionLooksLikeRedisAndNamesOrdeal(t *testing.T) {
	require.Regexp(t, `^Redis server v=4\.0\.14 sha=00000000:0 malloc=\S+ bits=64 build=ordeal-node `, versionLine(false))
	require.Regexp(t, `^Redis sentinel v=4\.0\.14 `, versionLine(true))
}

func TestTheProcessReadsItsOwnDirectives(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "redis.conf")
	more := filepath.Join(dir, "more.conf")
	require.NoError(t, os.WriteFile(file, []byte("# pidfile /no\npidfile a.pid\nmaxclients 7\ninclude "+more+"\n"), 0o644))
	require.NoError(t, os.WriteFile(more, []byte("maxclients 8\ninclude "+more+"\n"), 0o644)) // a loop
	s := readSettings(&commandLine{configPath: file, lines: []string{`dir "` + dir + `"`, "daemonize yes"}}, "")
	require.Equal(t, settings{daemonize: true, pidFile: "a.pid", dir: dir, maxClients: 8}, s)

	require.NoError(t, s.writePIDFile())
	require.FileExists(t, filepath.Join(dir, "a.pid"))
	s.removePIDFile()
	require.NoFileExists(t, filepath.Join(dir, "a.pid"))

	s = readSettings(&commandLine{configPath: "/nonexistent"}, "daemonize yes\n\"unbalanced\n")
	require.Equal(t, settings{daemonize: true, pidFile: defaultPIDFile, dir: ".", maxClients: defaultMaxClients}, s)
}
