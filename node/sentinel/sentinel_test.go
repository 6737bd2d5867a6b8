package sentinel

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// alone is a Sentinel that watches one master nobody answers for, in a world of its own.
func alone(t *testing.T, extra string) (*testWorld, *testMachine) {
	w := newWorld()
	m := w.addSentinel("s1", "10.0.1.1", "port 26379\nbind 10.0.1.1\nsentinel monitor mymaster 10.0.0.1 6379 2\n"+extra)
	m.start()
	w.advance(10 * time.Millisecond)
	require.Equal(t, running, m.sentinel().phase, "%v", m.log)
	return w, m
}

func words(s string) []string { return strings.Fields(s) }

func id(c byte) string { return strings.Repeat(string(c), 40) }

func TestVotesOncePerEpochAcrossRestarts(t *testing.T) {
	w, s := alone(t, "")
	ask := func(epoch int, candidate string) string {
		return show(w.ask("s1", words(fmt.Sprintf("SENTINEL is-master-down-by-addr 10.0.0.1 6379 %d %s", epoch, candidate))))
	}
	granted := func(leader string, epoch int) string {
		return fmt.Sprintf("1) (integer) 0\n2) %q\n3) (integer) %d\n", leader, epoch)
	}
	require.Equal(t, granted("*", 0), ask(5, "*"), "asking for an opinion asks for no vote")
	require.Equal(t, granted(id('a'), 7), ask(7, id('a')))
	require.Equal(t, granted(id('a'), 7), ask(7, id('b')), "the vote is given")
	require.Equal(t, granted(id('a'), 7), ask(6, id('b')), "and stands for older epochs too")
	require.Contains(t, s.configFile(), "sentinel leader-epoch mymaster 7\n")
	require.Contains(t, s.configFile(), "sentinel current-epoch 7\n")

	s.kill()
	s.start()
	w.advance(10 * time.Millisecond)
	require.Equal(t, granted("*", 7), ask(7, id('b')), "the epoch is remembered, whom it voted for is not")
	require.Equal(t, granted(id('b'), 8), ask(8, id('b')))
}

func TestVoteIsOnDiskBeforeTheAnswerLeaves(t *testing.T) {
	w, s := alone(t, "")
	s.onSend = func() {
		require.Contains(t, s.configFile(), "sentinel leader-epoch mymaster 3\n")
		s.kill() // the answer never leaves
	}
	require.Empty(t, w.ask("s1", words("SENTINEL is-master-down-by-addr 10.0.0.1 6379 3 "+id('a'))))
	s.onSend = nil
	s.start()
	w.advance(10 * time.Millisecond)
	require.Contains(t, show(w.ask("s1", words("SENTINEL is-master-down-by-addr 10.0.0.1 6379 3 "+id('b')))), `"*"`)
}

func TestVoteForAnotherKeepsItFromTryingItself(t *testing.T) {
	w, s := alone(t, "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 10000\n")
	w.ask("s1", words("SENTINEL set mymaster quorum 1"), words("SENTINEL is-master-down-by-addr 10.0.0.1 6379 1 "+id('a')))
	w.advance(19 * time.Second)
	events := strings.Join(s.events(), "\n")
	require.Contains(t, events, "+odown")
	require.Contains(t, events, "Next failover delay")
	require.NotContains(t, events, "+try-failover")
	w.advance(3 * time.Second)
	require.Contains(t, strings.Join(s.events(), "\n"), "+try-failover")
}

// TestVoteThatCannotBeSavedIsNotGiven: the one who asks hears of none, nor does anybody else; once the file can be
// written, the same epoch's vote is still there to be given.
func TestVoteThatCannotBeSavedIsNotGiven(t *testing.T) {
	w, s := alone(t, "")
	ask := func(epoch int, candidate string) string {
		return show(w.ask("s1", words(fmt.Sprintf("SENTINEL is-master-down-by-addr 10.0.0.1 6379 %d %s", epoch, candidate))))
	}
	s.fileErr = node.ErrNoSpace
	require.Equal(t, "1) (integer) 0\n2) \"*\"\n3) (integer) 0\n", ask(7, id('a')))
	events := strings.Join(s.events(), "\n")
	require.NotContains(t, events, "+vote-for-leader")
	require.Contains(t, events, "# No vote for "+id('a')+" in epoch 7: it could not be saved")
	require.Contains(t, events, "# WARNING: Sentinel was not able to save the new configuration on disk!!!: No space left on device")
	for _, n := range s.notes {
		require.NotEqual(t, node.NoteVote, n.Kind)
	}

	s.fileErr = ""
	require.Equal(t, fmt.Sprintf("1) (integer) 0\n2) %q\n3) (integer) 7\n", id('b')), ask(7, id('b')))
	require.Contains(t, s.configFile(), "sentinel leader-epoch mymaster 7\n")
}

// TestCandidateThatCannotSaveItsVoteIsNotElectedByIt: alone with a quorum of one, it would be.
func TestCandidateThatCannotSaveItsVoteIsNotElectedByIt(t *testing.T) {
	w, s := alone(t, "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 3000\n")
	w.ask("s1", words("SENTINEL set mymaster quorum 1"))
	s.fileErr = node.ErrNoSpace
	w.advance(8 * time.Second)
	events := strings.Join(s.events(), "\n")
	require.Contains(t, events, "+try-failover")
	require.NotContains(t, events, "+elected-leader")
	s.fileErr = ""
	w.advance(8 * time.Second)
	require.Contains(t, strings.Join(s.events(), "\n"), "+elected-leader")
}

// TestOperatorIsToldThatTheFileCouldNotBeWritten: and the requests behind it are answered in their turn.
func TestOperatorIsToldThatTheFileCouldNotBeWritten(t *testing.T) {
	w, s := alone(t, "")
	s.fileErr = node.ErrPermission
	got := show(w.ask("s1", words("SENTINEL set mymaster quorum 3"), words("PING"), words("SENTINEL flushconfig"), words("PING")))
	failed := "-ERR Failed to save the configuration: Permission denied. What was changed is lost at the next start: make /s1/sentinel.conf writable, then SENTINEL FLUSHCONFIG\n"
	require.Equal(t, failed+"+PONG\n"+failed+"+PONG\n", got)
	s.fileErr = ""
	require.Equal(t, "+OK\n", show(w.ask("s1", words("SENTINEL flushconfig"))))
	require.Contains(t, s.configFile(), "sentinel monitor mymaster 10.0.0.1 6379 3\n")
}

// TestMasterIsNeverMadeASlaveOfItself: though a file lists it as one, as redis-sentinel 7.0 leaves it there after a failover,
// and though an INFO does.
func TestMasterIsNeverMadeASlaveOfItself(t *testing.T) {
	w := newWorld()
	m1 := w.addRedis("m1", "10.0.0.1", address{})
	m1.m.start()
	s := w.addSentinel("s1", "10.0.1.1", "port 26379\nbind 10.0.1.1\nsentinel monitor mymaster 10.0.0.1 6379 1\n"+
		"sentinel known-slave mymaster 10.0.0.1 6379\nsentinel known-slave mymaster 10.0.0.2 6379\n")
	s.start()
	w.advance(time.Minute)
	require.Len(t, s.sentinel().masters[0].slaves, 1)
	require.Empty(t, m1.got)
	s.sentinel().discoverSlaves(s.sentinel().masters[0], []endpoint{{[]byte("10.0.0.1"), 6379}})
	require.Len(t, s.sentinel().masters[0].slaves, 1)
	require.NotContains(t, s.configFile(), "known-slave mymaster 10.0.0.1")
}

func TestRewrittenFileStartsTheSameSentinel(t *testing.T) {
	w := cluster(2, 3, 2, "sentinel parallel-syncs mymaster 3\nsentinel auth-pass mymaster \"a b\\\"c\"\n# a comment\nsentinel announce-ip 10.0.7.7\nsentinel announce-port 700\n")
	w.advance(15 * time.Second)
	s := w.byName["s1"]
	w.ask("s1", words("SENTINEL set mymaster quorum 3"), words("SENTINEL monitor second 10.0.0.9 6379 1"))
	before := s.configFile()
	for _, line := range []string{"# a comment", `sentinel auth-pass mymaster "a b\"c"`, "sentinel parallel-syncs mymaster 3",
		"sentinel known-slave mymaster 10.0.0.2 6379", "sentinel known-slave mymaster 10.0.0.3 6379", "sentinel monitor mymaster 10.0.0.1 6379 3",
		"sentinel monitor second 10.0.0.9 6379 1", "sentinel announce-ip 10.0.7.7", "sentinel announce-port 700", `dir "/s1"`} {
		require.Contains(t, before, line+"\n")
	}
	own := s.sentinel().id
	s.kill()
	s.start()
	w.advance(10 * time.Millisecond)
	require.Equal(t, own, s.sentinel().id)
	require.Len(t, s.sentinel().masters[0].sentinels, 0+len(strings.Split(before, "known-sentinel mymaster"))-1)
	w.ask("s1", words("SENTINEL flushconfig"))
	require.Equal(t, before, s.configFile(), "nothing changed, so the file does not")
}

func TestConfigurationErrors(t *testing.T) {
	monitor := "sentinel monitor m 10.0.0.1 6379 2\n"
	for text, reason := range map[string]string{
		"sentinel monitor m 10.0.0.1 6379 0":                     "Quorum must be 1 or greater.",
		monitor + "sentinel monitor m 10.0.0.2 6379 1":           "Duplicated master name.",
		"sentinel monitor m nowhere.example 6379 1":              "Can't resolve master instance hostname.",
		"sentinel monitor m 10.0.0.1 70000 1":                    "Invalid port number",
		"sentinel down-after-milliseconds m 1":                   "No such master with specified name.",
		monitor + "sentinel down-after-milliseconds m 0":         "negative or zero time parameter.",
		monitor + "sentinel failover-timeout m -1":               "negative or zero time parameter.",
		monitor + "sentinel notification-script m /missing":      "Notification script seems non existing or non executable.",
		monitor + "sentinel client-reconfig-script m /miss":      "Client reconfiguration script seems non existing or non executable.",
		"sentinel deny-scripts-reconfig maybe":                   "Please specify yes or no for the deny-scripts-reconfig options.",
		"sentinel myid abc":                                      "Malformed Sentinel id in myid option.",
		monitor + "sentinel known-slave m host 1":                "Wrong hostname or port for slave.",
		monitor + "sentinel known-sentinel m host 1 abc":         "Wrong hostname or port for sentinel.",
		monitor + "sentinel known-replica m 10.0.0.2 6379":       "Unrecognized sentinel configuration statement.",
		"sentinel monitor m 10.0.0.1 6379":                       "Unrecognized sentinel configuration statement.",
		"sentinel":                                               "", // "be a Sentinel"
		"no-such-directive 1":                                    "Bad directive or wrong number of arguments",
		"protected-mode maybe":                                   "argument must be 'yes' or 'no'",
		"port 70000":                                             "Invalid port",
		"logfile \"half":                                         "Unbalanced quotes in configuration line",
		monitor + "sentinel known-slave m 10.0.0.2 1\nmaxmemory": "", // a server's directive means nothing here
	} {
		w := newWorld()
		m := w.addSentinel("s1", "10.0.1.1", text)
		m.start()
		w.advance(time.Second)
		w.advance(10 * time.Millisecond)
		if reason == "" {
			require.Equal(t, -1, m.exit, text)
			continue
		}
		require.Equal(t, 1, m.exit, text)
		lines := strings.Split(text, "\n")
		require.Equal(t, []string{"", "*** FATAL CONFIG FILE ERROR ***", fmt.Sprintf("Reading the configuration file, at line %d", len(lines)),
			">>> '" + lines[len(lines)-1] + "'", reason}, m.log, text)
	}
}

func TestStartsOnlyWithAFileThatItCanWrite(t *testing.T) {
	for name, c := range map[string]struct {
		opts Options
		err  node.Errno
		says string
	}{
		"none":     {Options{}, "", "Sentinel started without a config file. Exiting..."},
		"stdin":    {Options{ConfigText: "port 1"}, "", "Sentinel config from STDIN not allowed."},
		"missing":  {Options{ConfigPath: "/missing"}, "", "Fatal error, can't open config file '/missing'"},
		"readonly": {Options{ConfigPath: "/file"}, node.ErrPermission, "Sentinel config file /file is not writable: Permission denied. Exiting..."},
	} {
		w := newWorld()
		m := w.add("s1", "10.0.1.1", func(*testMachine) node.Core {
			c.opts.Rand = rand.New(rand.NewPCG(1, 1))
			return New(c.opts)
		})
		m.files["/file"] = ""
		m.fileErr = c.err
		m.start()
		require.Equal(t, 1, m.exit, name)
		require.Equal(t, "# "+c.says, m.events()[0], name)
	}
}

func TestTakenPortEndsTheStart(t *testing.T) {
	s := New(Options{ConfigPath: "/f", Rand: rand.New(rand.NewPCG(1, 1))})
	var out node.Effects
	s.Step(epoch, &node.Event{Kind: node.Started}, &out)
	s.Step(epoch, &node.Event{Kind: node.FileDone, Bytes: []byte("port 26379")}, &out)
	out.Reset()
	s.Step(epoch, &node.Event{Kind: node.Listened, Local: "127.0.0.1:26379", Err: node.ErrAddrInUse}, &out)
	require.Contains(t, out.List()[0].Text, "# Could not create server TCP listening socket *:26379: bind: Address already in use")
	require.Equal(t, node.EffectExit, out.List()[1].Kind)
	require.Equal(t, 1, out.List()[1].N)
}

func TestSelectsTheBestReplica(t *testing.T) {
	now := epoch
	ids := []string{strings.Repeat("a", 40), strings.Repeat("b", 40), strings.Repeat("c", 40)}
	var ours lineage // the second went on from the first at offset 100
	ours.learn(history{id: ids[0]})
	ours.learn(history{id: ids[1], id2: ids[0], end2: 100})
	base := func() *instance {
		return &instance{kind: kindSlave, name: "b", runID: "bb", observed: observed{priority: 100, offset: 10, infoRefresh: now},
			link: &link{linkTimes: linkTimes{lastAvail: now}}}
	}
	for name, c := range map[string]struct {
		change func(master, r *instance) // makes a worse than b
		want   string
	}{
		"equal but for the run ID":      {func(_, r *instance) {}, "a"},
		"run IDs compare without case":  {func(_, r *instance) { r.runID = "BC" }, "b"},
		"unknown run ID is last":        {func(_, r *instance) { r.runID = "" }, "b"},
		"less data":                     {func(_, r *instance) { r.offset = 9 }, "b"},
		"higher priority number":        {func(_, r *instance) { r.priority, r.offset = 101, 99 }, "b"},
		"priority 0 is never promoted":  {func(_, r *instance) { r.priority = 0 }, "b"},
		"negative priority wins":        {func(_, r *instance) { r.priority, r.offset = -1, 0 }, "a"},
		"subjectively down":             {func(_, r *instance) { r.sDown = true }, "b"},
		"disconnected":                  {func(_, r *instance) { r.link.disconnected = true }, "b"},
		"silent for 5 s":                {func(_, r *instance) { r.link.lastAvail = now.Add(-5001 * time.Millisecond) }, "b"},
		"silent for less":               {func(_, r *instance) { r.link.lastAvail = now.Add(-5 * time.Second) }, "a"},
		"no INFO yet":                   {func(_, r *instance) { r.infoRefresh = 0 }, "b"},
		"old INFO, master up":           {func(_, r *instance) { r.infoRefresh = now.Add(-30 * time.Second) }, "a"},
		"too old INFO, master up":       {func(_, r *instance) { r.infoRefresh = now.Add(-30001 * time.Millisecond) }, "b"},
		"too old INFO, master down":     {func(m, r *instance) { m.sDown = true; r.infoRefresh = now.Add(-5001 * time.Millisecond) }, "b"},
		"link down for 10 × down-after": {func(_, r *instance) { r.masterLinkDown = 10 * time.Second }, "a"},
		"link down for longer":          {func(_, r *instance) { r.masterLinkDown = 10*time.Second + 1 }, "b"},
		"link down since the master is": {func(m, r *instance) {
			m.sDown, m.sDownSince = true, now.Add(-time.Minute)
			r.masterLinkDown = 70 * time.Second
		}, "a"},
		"it does not say whose data it has": {func(m, r *instance) { m.lineage = ours; r.history = history{} }, "a"},
		"the master's data":                 {func(m, r *instance) { m.lineage = ours; r.history = history{id: ids[1], offset: 900} }, "a"},
		"all that both histories share":     {func(m, r *instance) { m.lineage = ours; r.history = history{id: ids[0], offset: 99} }, "a"},
		"a stale master's later data":       {func(m, r *instance) { m.lineage = ours; r.history = history{id: ids[0], offset: 100} }, "b"},
		"promoted, and given up": {func(m, r *instance) {
			m.lineage = ours
			r.history = history{id: ids[2], id2: ids[1], end2: 700, offset: 800}
		}, "a"},
		"promoted from what nobody has": {func(m, r *instance) {
			m.lineage = ours
			r.history = history{id: ids[2], id2: ids[0], end2: 101, offset: 800}
		}, "b"},
		"another group's data": {func(m, r *instance) { m.lineage = ours; r.history = history{id: ids[2], offset: 50} }, "b"},
		"the old master, and nothing is known of the new one": {func(m, r *instance) {
			m.lineage = lineage{{ids[0], noEnd}}
			r.roleReported, r.history = kindMaster, history{id: ids[0], offset: 10}
		}, "b"},
		"the old master, of which the new one has all": {func(m, r *instance) {
			m.lineage = ours
			r.roleReported, r.history = kindMaster, history{id: ids[0], offset: 10}
		}, "a"},
		"a master, and nothing is known": {func(_, r *instance) { r.roleReported, r.history = kindMaster, history{id: ids[0]} }, "b"},
		"a master that started with nothing": {func(m, r *instance) {
			m.lineage = ours
			r.roleReported, r.history = kindMaster, history{id: ids[2]}
		}, "b"},
	} {
		s := New(Options{})
		s.now = now
		a, b := base(), base()
		a.name, a.runID = "a", "ba"
		master := &instance{kind: kindMaster, downAfter: time.Second, slaves: []*instance{a, b}}
		a.master, b.master = master, master
		c.change(master, a)
		got := s.selectSlave(master)
		require.NotNil(t, got, name)
		require.Equal(t, c.want, got.name, name)
	}
	s := New(Options{})
	require.Nil(t, s.selectSlave(&instance{}))
}

// saved is the news that the configuration was written.
func (s *Sentinel) saved() {
	told := s.toTell
	s.toTell = nil
	for _, then := range told {
		then("")
	}
}

func TestElectionNeedsMajorityOfAllKnownAndQuorum(t *testing.T) {
	for name, c := range map[string]struct {
		votes  []string // of the other Sentinels in this epoch, "" none
		quorum int64
		want   string
	}{
		"alone":                              {nil, 1, "me"},
		"alone below the quorum":             {nil, 2, ""},
		"one of three":                       {[]string{"", ""}, 1, ""},
		"two of three":                       {[]string{"me", ""}, 2, "me"},
		"majority below the quorum":          {[]string{"me", ""}, 3, ""},
		"three of five":                      {[]string{"me", "me", "", ""}, 1, "me"},
		"half of four":                       {[]string{"me", "", ""}, 1, ""},
		"I vote for the one ahead":           {[]string{"x", ""}, 2, "x"},
		"of equals, the lesser ID gets mine": {[]string{"y", "x", "", ""}, 1, ""},
	} {
		s := New(Options{Rand: rand.New(rand.NewPCG(1, 1))})
		s.id, s.currentEpoch = "me", 4
		master := &instance{kind: kindMaster, name: "m", quorum: c.quorum}
		for i, v := range c.votes {
			master.sentinels = append(master.sentinels, &instance{kind: kindSentinel, name: fmt.Sprint(i), leader: v, leaderEpoch: 4})
		}
		master.sentinels = append([]*instance{}, master.sentinels...)
		if first := s.leaderOf(master, 4); len(c.votes) == 0 {
			require.Empty(t, first, "%s: elected by a vote that is on no disk", name)
		}
		s.saved()
		require.Equal(t, c.want, s.leaderOf(master, 4), name)
		require.EqualValues(t, 4, master.leaderEpoch)
	}
	s := New(Options{Rand: rand.New(rand.NewPCG(1, 1))})
	s.id, s.currentEpoch = "me", 4
	master := &instance{kind: kindMaster, quorum: 1, sentinels: []*instance{{leader: "me", leaderEpoch: 3}, {leader: "me", leaderEpoch: 3}}}
	require.Empty(t, s.leaderOf(master, 4), "votes of another epoch do not count")
}

// A candidate of epoch 4 that hears of epoch 5 does not win with votes of 5 and its own of 4.
func TestOvertakenCandidateIsNotElectedByVotesOfTwoEpochs(t *testing.T) {
	s := New(Options{Rand: rand.New(rand.NewPCG(1, 1))})
	s.id, s.currentEpoch = "me", 5
	master := &instance{kind: kindMaster, name: "m", quorum: 2, leader: "me", leaderEpoch: 4}
	for range 2 {
		master.sentinels = append(master.sentinels, &instance{kind: kindSentinel, leader: "me", leaderEpoch: 5})
	}
	master.sentinels = append(master.sentinels, &instance{kind: kindSentinel}, &instance{kind: kindSentinel})
	require.Empty(t, s.leaderOf(master, 4))
}

func TestNotesTellVotesEventsAndConfigurations(t *testing.T) {
	w := cluster(2, 3, 2, "")
	w.advance(15 * time.Second)
	w.byName["m1"].kill()
	w.advance(15 * time.Second)
	for _, name := range []string{"s1", "s2", "s3"} {
		var votes, switches int
		var configs []string
		for _, n := range w.byName[name].notes {
			if n.Kind == node.NoteCandidate {
				require.Equal(t, "fit", n.Result)
				continue
			}
			require.Equal(t, w.byName[name].sentinel().id, n.ID)
			switch n.Kind {
			case node.NoteVote:
				votes++
				require.EqualValues(t, 1, n.Epoch)
				require.Equal(t, "mymaster", n.Master)
			case node.NoteConfig:
				configs = append(configs, fmt.Sprintf("%s %d", n.Peer, n.Epoch))
			case node.NoteEvent:
				if n.Event == "+switch-master" {
					switches++
				}
			}
		}
		require.Equal(t, 1, votes, name)
		require.Equal(t, 1, switches, name)
		require.Equal(t, []string{"10.0.0.1:6379 0", "10.0.0.2:6379 1"}, configs, name)
	}
}

func TestScriptsAreTold(t *testing.T) {
	w := cluster(1, 1, 1, "")
	s := w.byName["s1"]
	s.kill()
	s.files["/n.sh"], s.files["/c.sh"] = "#!/bin/sh\n", "#!/bin/sh\n"
	s.files["/s1/sentinel.conf"] += "sentinel notification-script mymaster /n.sh\nsentinel client-reconfig-script mymaster /c.sh\n"
	s.start()
	w.advance(12 * time.Second)
	w.byName["m1"].kill()
	w.advance(20 * time.Second)
	require.Contains(t, s.scripts, "/n.sh +sdown master mymaster 10.0.0.1 6379")
	require.Contains(t, s.scripts, "/n.sh +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379")
	require.Contains(t, s.scripts, "/c.sh mymaster leader start 10.0.0.1 6379 10.0.0.2 6379")
	require.Empty(t, s.sentinel().scripts.Jobs())
	require.Zero(t, s.sentinel().scripts.Running())
}

// TestScriptThatHangsIsKilledAndRunAgain: after its minute, and then half a minute later.
func TestScriptThatHangsIsKilledAndRunAgain(t *testing.T) {
	w, s := alone(t, "")
	s.scriptsHang = true
	s.sentinel().scripts.Add("/hangs.sh", "arg")
	w.advance(59 * time.Second)
	require.Equal(t, []string{"/hangs.sh arg"}, s.scripts)
	require.NotContains(t, strings.Join(s.events(), "\n"), "-script-timeout")
	w.advance(2 * time.Second)
	require.Equal(t, 1, strings.Count(strings.Join(s.events(), "\n"), "# -script-timeout /hangs.sh"))
	require.Contains(t, show(w.ask("s1", words("SENTINEL pending-scripts"))), `"scheduled"`)
	s.scriptsHang = false
	w.advance(31 * time.Second)
	require.Equal(t, []string{"/hangs.sh arg", "/hangs.sh arg"}, s.scripts)
	require.Empty(t, s.sentinel().scripts.Jobs())
	require.NotContains(t, strings.Join(s.events(), "\n"), "-script-error")
}

func TestSameSeedSameRun(t *testing.T) {
	run := func() string {
		w := cluster(3, 3, 2, "")
		w.advance(15 * time.Second)
		w.byName["m1"].kill()
		w.advance(30 * time.Second)
		w.byName["m1"].start()
		w.advance(30 * time.Second)
		var all []string
		for _, m := range w.order {
			all = append(all, m.log...)
		}
		return strings.Join(all, "\n")
	}
	first := run()
	require.Contains(t, first, "+switch-master")
	require.Equal(t, first, run())
}
