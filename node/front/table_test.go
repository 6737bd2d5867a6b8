package front

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRenamedCommandsAreFoundUnderTheirNewNameOnly(t *testing.T) {
	var table Table
	table.Fill(Group("x", Row("get", 2, "rF", 1, 1, 1, nil, "s"), Row("set", -3, "wm", 1, 1, 1, nil, "s")))
	require.Equal(t, "No such command in rename-command", table.Rename("nosuch", "x"))
	require.Equal(t, "Target command name already exists", table.Rename("GET", "set"))
	require.Empty(t, table.Rename("Get", "Fetch"))
	require.Nil(t, table.Lookup([]byte("get")))
	require.Equal(t, "get", table.Lookup([]byte("FETCH")).Name)
	require.Empty(t, table.Rename("set", ""))
	require.Nil(t, table.Lookup([]byte("set")))
	require.Equal(t, 1, table.Len())
	require.Nil(t, table.Lookup([]byte("a name that is longer than that of any command")))
}

func TestKeysAreFoundByTheirPositions(t *testing.T) {
	args := [][]byte{[]byte("cmd"), []byte("a"), []byte("b"), []byte("c"), []byte("d")}
	for _, test := range []struct {
		first, last, step int
		want              string
	}{
		{0, 0, 0, "[]"}, {1, 1, 1, "[1]"}, {1, -1, 1, "[1 2 3 4]"}, {1, -1, 2, "[1 3]"}, {1, -2, 1, "[1 2 3]"}, {2, 9, 1, "[2 3 4]"},
	} {
		cmd := Row("cmd", -1, "r", test.first, test.last, test.step, nil, "")
		require.Equal(t, test.want, fmt.Sprint(cmd.KeyIndices(args)))
	}
	cmd := Row("cmd", -1, "r", 1, 1, 1, nil, "")
	cmd.Keys = func([][]byte) []int { return []int{3} }
	require.Equal(t, []int{3}, cmd.KeyIndices(args), "a function of its own goes before")
}

func TestArity(t *testing.T) {
	for _, test := range []struct {
		arity int
		takes []bool // 1, 2, 3 words
	}{{2, []bool{false, true, false}}, {-2, []bool{false, true, true}}, {0, []bool{true, true, true}}} {
		cmd := Command{Arity: test.arity}
		for i, want := range test.takes {
			require.Equal(t, want, cmd.TakesArgs(i+1), "%d words for arity %d", i+1, test.arity)
		}
	}
}

func TestAddressesComeApartAsTheyWerePutTogether(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:80", "[::1]:6379", "host.name:1"} {
		require.Equal(t, addr, JoinAddr(SplitAddr(addr)))
	}
	ip, port := SplitAddr("no port")
	require.Empty(t, ip+port)
}
