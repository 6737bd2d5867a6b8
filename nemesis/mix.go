package nemesis

// Mix weighs the kinds of faults against each other; a kind with weight 0 is never drawn.
type Mix struct {
	Partition int // a grudge of cuts both ways: halves, bridge, majorities ring, one machine isolated
	OneWay    int // a cut one way
	Latency   int // slow links
	Kill      int // kill -9, and a start with the old files
	Pause     int // SIGSTOP, and SIGCONT

	Drop     int // connections reset
	Clog     int // single connections held
	Connect  int // connections refused, or left without an answer
	HalfOpen int // connections that die in silence
	Flap     int // links that come and go
	Toxic    int // one of toxiproxy's seven toxics

	Terminate int // SIGTERM
	PowerLoss int // what was not synced is gone
	Stall     int // a machine that stands still as a whole
	SlowCPU   int
	OldFiles  int // a start with an older RDB or with the first configuration
	Storm     int // killed again and again
	Bounce    int // the whole cluster down at once, where that is allowed

	SlowDisk int
	Disk     int // errors of the disk: reads, writes, fsync, no space, a file gone
	Sync     int // a disk that lies or tears, and a loss of power
	Clock    int // clocks that jump, drift and move away

	ClientKill  int // links of replication closed by an operator
	Sleep       int // DEBUG SLEEP
	Hold        int // CLIENT PAUSE
	Reload      int // DEBUG RELOAD
	Save        int // BGSAVE
	OutputLimit int // a replica's output buffer runs over
	ConfigSet   int // CONFIG SET of what replication depends on
	Hand        int // SLAVEOF by hand
	Flush       int // FLUSHALL
	Sentinel    int // SENTINEL RESET, FAILOVER, SET, REMOVE
	Add         int // spare machines added
	Remove      int // replicas removed, and added again
	RunAs       int // another program; live only
}

// EvenMix draws every kind after which a cluster of correct servers gets well by itself and keeps its promises. It
// leaves out what depends on more: older files, disks that fail, what an operator sets, orders or throws away.
var EvenMix = Mix{Partition: 2, OneWay: 2, Latency: 2, Kill: 2, Pause: 2,
	Drop: 1, Clog: 1, Connect: 1, HalfOpen: 1, Flap: 1, Toxic: 2,
	Terminate: 1, PowerLoss: 1, Stall: 1, SlowCPU: 1, Storm: 1, Bounce: 1, SlowDisk: 1, Clock: 1,
	ClientKill: 1, Sleep: 1, Save: 1, OutputLimit: 1}

// kind is one of a mix, with what draws it.
type kind struct {
	weight int
	draw   func(g *generator) ([]Fault, resource)
}

func (m Mix) kinds() []kind {
	return []kind{
		{m.Partition, (*generator).partition}, {m.OneWay, (*generator).oneWay}, {m.Latency, (*generator).latency},
		{m.Kill, down(Kill)}, {m.Pause, down(Pause)},
		{m.Drop, (*generator).drop}, {m.Clog, (*generator).clog}, {m.Connect, (*generator).connect},
		{m.HalfOpen, (*generator).halfOpen}, {m.Flap, (*generator).flap}, {m.Toxic, (*generator).toxic},
		{m.Terminate, down(Terminate)}, {m.PowerLoss, down(PowerLoss)}, {m.Stall, down(Stall)}, {m.SlowCPU, (*generator).slowCPU},
		{m.OldFiles, (*generator).oldFiles}, {m.Storm, (*generator).storm}, {m.Bounce, (*generator).bounce},
		{m.SlowDisk, (*generator).slowDisk}, {m.Disk, (*generator).diskError}, {m.Sync, (*generator).badSync}, {m.Clock, (*generator).clock},
		{m.ClientKill, (*generator).clientKill}, {m.Sleep, (*generator).sleep}, {m.Hold, (*generator).hold},
		{m.Reload, (*generator).reload}, {m.Save, (*generator).save},
		{m.OutputLimit, (*generator).outputLimit}, {m.ConfigSet, (*generator).configSet}, {m.Hand, (*generator).hand},
		{m.Flush, (*generator).flush}, {m.Sentinel, (*generator).sentinelOrder}, {m.Add, (*generator).add},
		{m.Remove, (*generator).remove}, {m.RunAs, (*generator).runAs},
	}
}

// faults draws what happens, and says what it uses up.
func (g *generator) faults() ([]Fault, resource) {
	kinds := g.Mix.kinds()
	total := 0
	for _, k := range kinds {
		total += max(k.weight, 0)
	}
	if total == 0 {
		return nil, unlimited
	}
	at := g.rng.IntN(total)
	for _, k := range kinds {
		if at -= max(k.weight, 0); at < 0 {
			return k.draw(g)
		}
	}
	return nil, unlimited
}
