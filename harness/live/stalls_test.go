package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPulseThatComesLateIsAStall(t *testing.T) {
	for late, stood := range map[time.Duration]time.Duration{0: 0, 5 * time.Millisecond: 0, 99 * time.Millisecond: 0,
		100 * time.Millisecond: 100 * time.Millisecond, 3 * time.Second: 3 * time.Second} {
		require.Equal(t, stood, stalled(time.Minute, time.Minute+stallPulse+late), late)
	}
	require.Zero(t, stalled(time.Minute, time.Minute), "two pulses at once, after a late one")
}
