package commands

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCursorsAreReadAsStrtoulDoes(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "": 0, "17": 17, "+5": 5, "-1": 1<<64 - 1, "18446744073709551615": 1<<64 - 1, "007": 7} {
		n, ok := parseCursor([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want, n, text)
	}
	for _, text := range []string{"x", "1x", "-", "+", "--1", " 1", "0x10", "18446744073709551616"} {
		_, ok := parseCursor([]byte(text))
		require.False(t, ok, text)
	}
}
