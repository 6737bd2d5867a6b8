package sentinel

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
)

// start reads the configuration and finds out whether it can be written.
func (s *Sentinel) start() {
	s.started = s.now
	s.runID = s.randomID()
	if s.opts.ConfigPath == "" {
		if s.opts.ConfigText != "" {
			s.fail("Sentinel config from STDIN not allowed.")
		} else {
			s.fail("Sentinel started without a config file. Exiting...")
		}
		return
	}
	s.nextOp++
	s.out.File(s.nextOp, node.Foreground,
		node.FileStep{Kind: node.ReadFile, Path: s.opts.ConfigPath},
		node.FileStep{Kind: node.AppendFile, Path: s.opts.ConfigPath}, // nothing: to see whether it is allowed
	)
}

func (s *Sentinel) fail(reason string) {
	s.log(node.LogWarning, reason)
	s.exit(1)
}

// randomID is 40 hexadecimal digits.
func (s *Sentinel) randomID() string {
	return fmt.Sprintf("%016x%016x%08x", s.rng.Uint64(), s.rng.Uint64(), s.rng.Uint32())
}

func (s *Sentinel) fileDone(ev *node.Event) {
	switch s.phase {
	case reading:
		s.configRead(ev)
	case checking:
		s.scriptChecked(ev)
	default:
		s.configWritten(ev)
	}
}

func (s *Sentinel) configRead(ev *node.Event) {
	switch {
	case ev.Err != "" && ev.N == 0:
		s.fail(fmt.Sprintf("Fatal error, can't open config file '%s'", s.opts.ConfigPath))
		return
	case ev.Err != "":
		s.fail(fmt.Sprintf("Sentinel config file %s is not writable: %s. Exiting...", s.opts.ConfigPath, ev.Err))
		return
	}
	s.file = string(ev.Bytes)
	s.resolveConfig(strings.Join(append([]string{strings.TrimSuffix(s.file, "\n")}, s.opts.Args...), "\n"))
}

// configured: the names in the configuration are known.
func (s *Sentinel) configured() {
	if err := s.configure(s.file); err != nil {
		s.refuseConfig(err)
		return
	}
	s.enter(checking)
	s.checkNextScript()
}

// refuseConfig prints the block that says which line is wrong, and ends.
func (s *Sentinel) refuseConfig(err error) {
	var bad *conf.Error
	if errors.As(err, &bad) {
		for _, line := range bad.Block() {
			s.out.Log("", line)
		}
	}
	s.exit(1)
}

// checkNextScript looks for the scripts that the configuration names, one after the other.
func (s *Sentinel) checkNextScript() {
	if len(s.toCheck) > 0 {
		s.nextOp++
		s.out.File(s.nextOp, node.Foreground, node.FileStep{Kind: node.ReadFile, Path: s.toCheck[0].path})
		return
	}
	s.log(node.LogWarning, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
	s.log(node.LogWarning, fmt.Sprintf("Redis version=%s, bits=64, commit=00000000, modified=0, pid=%d, just started", Version, s.opts.PID))
	s.log(node.LogWarning, "Configuration loaded")
	s.listen()
}

func (s *Sentinel) scriptChecked(ev *node.Event) {
	script := s.toCheck[0]
	if ev.Err != "" {
		s.refuseConfig(script.line.Errorf("%s", script.reason))
		return
	}
	s.toCheck = s.toCheck[1:]
	s.checkNextScript()
}

func (s *Sentinel) listen() {
	s.enter(listening)
	if s.cfg.port == 0 {
		s.beginToWatch()
		return
	}
	addrs := s.cfg.Bind
	if len(addrs) == 0 {
		addrs = []string{"127.0.0.1"} // not every address, as Redis has it: "bind" opens a port to the network
	}
	s.toListen = len(addrs)
	for _, ip := range addrs {
		s.out.Listen(address{ip, s.cfg.port}.String())
	}
}

func (s *Sentinel) listened(ev *node.Event) {
	if s.phase != listening {
		return
	}
	if ev.Err != "" {
		ip := "*"
		if len(s.cfg.Bind) > 0 {
			ip, _ = splitAddr(ev.Local)
		}
		s.fail(fmt.Sprintf("Could not create server TCP listening socket %s:%d: bind: %s", ip, s.cfg.port, ev.Err))
		return
	}
	if s.toListen--; s.toListen == 0 {
		s.beginToWatch()
	}
}

// logo is printed where Redis prints its own, with the two lines that supervisors look for.
const logo = `
      .--------.
      | ordeal |   Redis ` + Version + ` behaviour, 64 bit
      '--------'
                   Running in sentinel mode
                   Port: %d
                   PID: %d
`

func (s *Sentinel) beginToWatch() {
	if s.cfg.showLogo {
		for line := range strings.SplitSeq(fmt.Sprintf(logo, s.cfg.port, s.opts.PID), "\n") {
			s.lines = append(s.lines, line)
		}
	} else {
		s.log(node.LogNotice, "Running mode=sentinel, port="+strconv.Itoa(s.cfg.port)+".")
	}
	s.enter(running)
	if s.id == "" {
		s.id = s.randomID()
		s.flush()
	}
	s.log(node.LogWarning, "Sentinel ID is "+s.id)
	for _, m := range s.masters {
		s.event(node.LogWarning, "+monitor", m, fmt.Sprintf("%v quorum %d", m, m.quorum))
	}
	s.noteConfigs()
	s.front.ServeHeld() // what came while other addresses were still being bound
	s.lastTick = s.now
	s.out.SetTimer(timerTick, tickPeriod(1000))
}

func (s *Sentinel) stopRequested(ev *node.Event) {
	signal := "SIGTERM"
	if ev.N == 2 {
		signal = "SIGINT"
	}
	s.log(node.LogWarning, "Received "+signal+" scheduling shutdown...")
	s.shutdown()
}

func (s *Sentinel) shutdown() {
	s.log(node.LogWarning, "User requested shutdown...")
	s.log(node.LogWarning, "Sentinel is now ready to exit, bye bye...")
	s.exit(0)
}

// simulatedFailure is where SENTINEL SIMULATE-FAILURE makes the process die.
type simulatedFailure uint8

const (
	crashAfterElection simulatedFailure = 1 << iota
	crashAfterPromotion
)

// exitCrashed is the exit status of a simulated failure. Redis 4.0: sentinel.c, sentinelSimFailureCrash.
const exitCrashed = 99

// crash says whether this process dies here, at its operator's wish.
func (s *Sentinel) crash(at simulatedFailure) bool {
	if s.crashAfter&at == 0 {
		return false
	}
	s.log(node.LogWarning, "Sentinel CRASH because of SENTINEL simulate-failure")
	s.crashed = true
	s.exit(exitCrashed)
	return true
}
