package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTerminalGetsNoControlCharacters(t *testing.T) {
	for _, c := range [][2]string{
		{"valid: größer than\t5 ms…\n", "valid: größer than\t5 ms…\n"},
		{"\x1b]0;owned\x07\x1b[2Jhello\r", `\x1b]0;owned\x07\x1b[2Jhello\x0d`},
		{"\u009b31m", `\u009b31m`},
		{"user\u202etxt.exe", `user\u202etxt.exe`},
		{"\xff\xfe", `\xff\xfe`},
		{"\x7f\x00", `\u007f\x00`},
	} {
		require.Equal(t, c[1], string(escaped([]byte(c[0]))))
	}
}

func TestWhatAFileSaysIsPrintedPlainly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.yaml")
	require.NoError(t, os.WriteFile(path, []byte("name: x\nwhy: \"\\e[2Jgone\"\nchecks: [\"\\e]0;t\\a\"]\n"), 0o600))
	var out, err bytes.Buffer
	status := dispatch(context.Background(), streams{plain{&out}, &err}, []string{"run", path})
	require.Equal(t, exitUsage, status)
	require.NotContains(t, out.String()+err.String(), "\x1b")
	require.Contains(t, err.String(), `\x1b]0;t`)
}
