package mutants

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A patch whose lines somebody changed is told at once, not on the day when its turn comes.
func TestEveryPatchFits(t *testing.T) {
	root, err := Root(t.Context())
	require.NoError(t, err)
	for _, m := range append(All(), Survivors()...) {
		_, err := m.overlay(root, t.TempDir())
		assert.NoError(t, err, m.Name)
	}
}
