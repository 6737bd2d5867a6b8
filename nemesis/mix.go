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

	RunAs int // another program; live only
}

// EvenMix draws every kind after which a cluster of correct servers gets well by itself and keeps its promises. It
// leaves out what depends on more: older files, disks that fail. Which orders are among them, [OrderDraw.Even] says.
var EvenMix = Mix{Partition: 2, OneWay: 2, Latency: 2, Kill: 2, Pause: 2,
	Drop: 1, Clog: 1, Connect: 1, HalfOpen: 1, Flap: 1, Toxic: 2,
	Terminate: 1, PowerLoss: 1, Stall: 1, SlowCPU: 1, Storm: 1, Bounce: 1, SlowDisk: 1, Clock: 1}

// kind is one of a mix, with what draws it.
type kind struct {
	weight int
	draw   func(g *generator) ([]Fault, resource)
}

func (m Mix) kinds(orders []OrderDraw) []kind {
	all := []kind{
		{m.Partition, (*generator).partition}, {m.OneWay, (*generator).oneWay}, {m.Latency, (*generator).latency},
		{m.Kill, down(Kill)}, {m.Pause, down(Pause)},
		{m.Drop, (*generator).drop}, {m.Clog, (*generator).clog}, {m.Connect, (*generator).connect},
		{m.HalfOpen, (*generator).halfOpen}, {m.Flap, (*generator).flap}, {m.Toxic, (*generator).toxic},
		{m.Terminate, down(Terminate)}, {m.PowerLoss, down(PowerLoss)}, {m.Stall, down(Stall)}, {m.SlowCPU, (*generator).slowCPU},
		{m.OldFiles, (*generator).oldFiles}, {m.Storm, (*generator).storm}, {m.Bounce, (*generator).bounce},
		{m.SlowDisk, (*generator).slowDisk}, {m.Disk, (*generator).diskError}, {m.Sync, (*generator).badSync}, {m.Clock, (*generator).clock},
	}
	for _, o := range orders {
		all = append(all, kind{o.Weight, func(g *generator) ([]Fault, resource) {
			faults, uses := o.Draw(Drawing{g})
			return faults, uses.resource()
		}})
	}
	return append(all, kind{m.RunAs, (*generator).runAs})
}

// faults draws what happens, and says what it uses up.
func (g *generator) faults() ([]Fault, resource) {
	kinds := g.Mix.kinds(g.Orders)
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
