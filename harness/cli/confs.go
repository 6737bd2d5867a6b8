package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
)

// confFlags add the flags that name a user's own configuration files.
func confFlags(f *pflag.FlagSet, c *redis.Confs) {
	f.StringVar(&c.Server, "redis-conf", "", "configure the servers by this `file`, as you run it; what of it has to change is said")
	f.StringVar(&c.Sentinel, "sentinel-conf", "", "configure the Sentinels by this `file`, as you run it; what of it has to change is said")
}

// withConfs puts the files' settings into a scenario, and tells w what of them had to change.
func withConfs(c redis.Confs, opts *harness.Options, s harness.Scenario, w io.Writer) (harness.Scenario, error) {
	s, changed, err := c.Onto(s, opts.Ours(), redis.Disk{Read: os.ReadFile, Glob: filepath.Glob})
	for _, change := range changed {
		fmt.Fprintf(w, "changed: %s\n", change)
	}
	opts.ReplayWith = nil
	if c.Server != "" {
		opts.ReplayWith = append(opts.ReplayWith, "-redis-conf", c.Server)
	}
	if c.Sentinel != "" {
		opts.ReplayWith = append(opts.ReplayWith, "-sentinel-conf", c.Sentinel)
	}
	return s, err
}

// once is w for the first of several scenarios with the same files.
func once(i int, w io.Writer) io.Writer {
	if i > 0 {
		return io.Discard
	}
	return w
}
