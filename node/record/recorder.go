package record

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/ordeal-go/ordeal/node"
)

// Core is a core whose life is taken down. Each line is one write, made before anybody can hear of what the core did;
// if the file cannot be written, the core goes on and the recording ends there.
type Core struct {
	core   node.Core
	w      io.Writer
	broken bool
	warn   func(error)
}

// New returns a core that behaves as the one that b describes and is taken down to w. warn is told of the first write
// that fails.
func New(b Birth, w io.Writer, warn func(error)) *Core {
	c := &Core{core: b.Core(), w: w, warn: warn}
	c.write(line{Version: Version, Birth: &b})
	return c
}

// Step implements node.Core.
func (c *Core) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	c.write(eventLine(now, ev))
	before := len(out.List())
	c.core.Step(now, ev, out)
	c.write(effectsLine(out.List()[before:]))
}

func (c *Core) write(l line) {
	if c.broken {
		return
	}
	text, err := json.Marshal(l)
	if err == nil {
		_, err = c.w.Write(append(text, '\n'))
	}
	if err != nil {
		c.broken = true
		c.warn(fmt.Errorf("the recording ends here: %w", err))
	}
}
