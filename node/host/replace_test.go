package host_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// replace has a core replace the file at path.
func replace(t *testing.T, path, data string) node.Errno {
	t.Helper()
	l := start(t, nil)
	l.do(func(out *node.Effects) {
		out.File(1, node.Foreground, node.FileStep{Kind: node.ReplaceFile, Path: path, Data: []byte(data)})
	})
	return l.expect(node.FileDone).Err
}

func requireText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

const oldText, newText = "the old text, which is the longer one\n", "the new text\n"

func TestReplacedFileKeepsItsMode(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o640, 0o644, 0o660} {
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(path, []byte(oldText), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		require.Equal(t, node.ErrNone, replace(t, path, newText))
		requireText(t, path, newText)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode())
		entries, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing is left beside it")
	}
}

func TestReplacedFileIsTheOneBehindTheLink(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.Mkdir(at("elsewhere"), 0o755))
	require.NoError(t, os.WriteFile(at("elsewhere/target"), []byte(oldText), 0o644))
	require.NoError(t, os.Symlink("elsewhere/target", at("link")))
	require.Equal(t, node.ErrNone, replace(t, at("link"), newText))
	info, err := os.Lstat(at("link"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink, "the link was replaced by a file")
	requireText(t, at("elsewhere/target"), newText)
}

func TestReplacedFileKeepsItsOtherNames(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	require.NoError(t, os.WriteFile(one, []byte(oldText), 0o644))
	require.NoError(t, os.Link(one, two))
	require.Equal(t, node.ErrNone, replace(t, one, newText))
	requireText(t, two, newText)
}

func TestFileThatIsNotThereIsCreated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.Equal(t, node.ErrNone, replace(t, path, newText))
	requireText(t, path, newText)
}

func TestWhatCannotBeReplacedSaysWhy(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, node.ErrIsDir, replace(t, dir, newText))
	require.Equal(t, node.ErrNotFound, replace(t, filepath.Join(dir, "none", "f"), newText))
}

// TestLeftoverOfACrashIsInNobodysWay: nor does it give the new file its mode.
func TestLeftoverOfACrashIsInNobodysWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte(oldText), 0o600))
	require.NoError(t, os.WriteFile(path+".new", []byte("half of"), 0o666))
	require.Equal(t, node.ErrNone, replace(t, path, newText))
	requireText(t, path, newText)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
}

// TestMountedFileIsWrittenInPlace: nothing can take the place of a mount point.
func TestMountedFileIsWrittenInPlace(t *testing.T) {
	dir := t.TempDir()
	outside, inside := filepath.Join(dir, "outside"), filepath.Join(dir, "inside")
	require.NoError(t, os.WriteFile(outside, []byte(oldText), 0o644))
	require.NoError(t, os.WriteFile(inside, nil, 0o644))
	if out, err := exec.Command("mount", "--bind", outside, inside).CombinedOutput(); err != nil {
		t.Skipf("a file cannot be mounted here: %s", out)
	}
	defer func() { require.NoError(t, exec.Command("umount", inside).Run()) }()
	require.Equal(t, node.ErrNone, replace(t, inside, newText))
	requireText(t, outside, newText)
}

// TestFileOfAnotherOwnerStaysTheirs: root writes the configuration of the user that the server runs as.
func TestFileOfAnotherOwnerStaysTheirs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte(oldText), 0o640))
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Skipf("a file cannot be given away here: %v", err)
	}
	require.Equal(t, node.ErrNone, replace(t, path, newText))
	requireText(t, path, newText)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 65534, info.Sys().(*syscall.Stat_t).Uid)
	require.EqualValues(t, 65534, info.Sys().(*syscall.Stat_t).Gid)
}

// TestFileInSomebodyElsesFolderIsWrittenInPlace: /etc/redis belongs to root, the file in it to the server's user.
func TestFileInSomebodyElsesFolderIsWrittenInPlace(t *testing.T) {
	if os.Geteuid() == 0 {
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("no setpriv: nobody else can be run as")
		}
		program, err := os.Executable()
		require.NoError(t, err)
		copied := filepath.Join(t.TempDir(), "test")
		text, err := os.ReadFile(program)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied, text, 0o755))
		scratch := filepath.Dir(copied)
		for d := scratch; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
			require.NoError(t, os.Chmod(d, 0o755))
		}
		etc := filepath.Join(scratch, "etc")
		require.NoError(t, os.Mkdir(etc, 0o755))
		path := filepath.Join(etc, "f")
		require.NoError(t, os.WriteFile(path, []byte(oldText), 0o644))
		require.NoError(t, os.Chown(path, 65534, 65534))
		cmd := exec.Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copied, "-test.run", t.Name()+"$")
		cmd.Env, cmd.Dir = append(os.Environ(), "ORDEAL_REPLACE="+path), "/"
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		requireText(t, path, newText)
		return
	}
	path := os.Getenv("ORDEAL_REPLACE")
	if path == "" {
		t.Skip("it takes root to lay out another user's folder")
	}
	require.Equal(t, node.ErrNone, replace(t, path, newText))
	requireText(t, path, newText)
}
