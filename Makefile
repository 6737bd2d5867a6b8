# make run and make test need Go and nothing else. What needs a real Redis or a Chromium is skipped, visibly, where
# none is installed.

GO ?= go

.PHONY: run test race differential client-libraries bench bench-judges fullsync failovers mixed explore specification determinism determinism-arm64 judges mutants probe promises clusters live-runs lua-differential lint dist clean build raft

# The main job: a sweep in the simulation, then one run on real processes through toxiproxy; verdicts and a report.
run: build
	bin/ordeal sweep sentinel-failover -seeds 1-200
	bin/ordeal run sentinel-failover -world live -seed 1 -out runs/sentinel-failover-live
	@echo "open runs/sentinel-failover-live/report.html in a browser"

# Where a simulation spends its time, for the compiler: a tenth faster. make profile measures it anew.
PGO = -pgo=$(CURDIR)/harness/bench/simulation.pgo

build:
	$(GO) build $(PGO) -o bin/ ./harness/cmd/ordeal ./node/cmd/ordeal-node

test: lint
	$(GO) test -timeout 20m -parallel 4 $$($(GO) list ./... | grep -v -e '/harness/live$$' -e '/harness/mutants$$') # live runs mostly wait
	$(GO) test -timeout 10m ./harness/mutants -part=$(or $(MUTANTS_PART),0)
	$(GO) test -timeout 10m -parallel 2 ./harness/live # real processes: beside nothing else

# It plays live runs too, those of harness/live beside nothing else, as test does.
race:
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v '/harness/live$$')
	$(GO) test -race -timeout 10m -parallel 2 ./harness/live

# A system in a module of its own, which needs more libraries than ordeal: etcd's raft, held to being linearizable with
# 5,000 seeds, and its planted bugs found.
raft:
	cd harness/plain/raft && $(GO) test -timeout 30m ./... -raft.seeds=5000

.PHONY: profile
profile:
	$(GO) test -run '^$$' -bench Simulation -benchtime 60x -cpuprofile harness/bench/simulation.pgo -o bin/bench.test ./harness/bench

bench:
	$(GO) test $(PGO) -run '^$$' -bench 'Simulation|Sweep' -benchtime 40x ./harness/bench
	$(GO) test -run '^$$' -bench . -skip 'Simulation|Sweep|Failovers' -benchtime 1x ./harness/bench

# 10,000 kills of a master for each size, patience and distance of the Sentinels: the time until another one serves, and
# that it is replaced once.
failovers:
	$(GO) test -run '^$$' -bench Failovers -benchtime $(or $(KILLS),10000)x -timeout 60m ./harness/bench

# Sentinels of ours and redis-sentinel in one cluster, over servers of either kind: masters killed, cut off and replaced by
# order, MIXED times each; how often and how fast they were replaced, beside each program alone.
mixed:
	$(GO) test -count=1 -v -timeout 180m -parallel 4 -run TestMixedClusters ./harness -mixed.runs=$(or $(MIXED),10)

# Every order of messages and timers around one election of 3 Sentinels and 2 replicas, on the real cores: without a fault to
# its end, with one fault of each kind through the election, and with two for as long as EXPLORE allows.
explore: build
	bin/ordeal explore -rounds 20
	for kind in crash restart pause cut; do bin/ordeal explore -rounds 4 -faults 1 -kinds $$kind || exit 1; done
	bin/ordeal explore -rounds 14 -faults 1 -kinds restart -timeout $(or $(EXPLORE),5m) || test $$? = 3
	bin/ordeal explore -rounds 3 -faults 2 -timeout $(or $(EXPLORE),5m) || test $$? = 3
	bin/ordeal explore -rounds 2 -delay 1 -timeout $(or $(EXPLORE),5m) || test $$? = 3

# What Sentinels may do, as a specification: its own search, 2,000 histories of the swarm held against it, and planted bugs.
specification:
	$(GO) test -count=1 -v -timeout 60m ./harness/election -election.seeds=2000 -election.planted

# A full synchronization of MB megabytes, from disk and over sockets, by ordeal-node and by redis-server: time until in
# sync, longest silence of either side, most memory of each.
fullsync:
	$(GO) test -run '^$$' -bench FullSync -benchtime 1x -timeout 60m -v ./harness/bench -fullsync.mb=$(or $(MB),300)

# What judging histories of 20,000 to 1,000,000 operations takes, and the most memory that it had in all.
bench-judges:
	$(GO) test -run '^$$' -bench Judges -benchtime 1x ./checkers

# 2,000 runs, half of the catalogue and half of the swarm, in separate processes, with one processor and two, with and
# without the race detector, and 400 of them as WebAssembly under node: equal traces.
determinism:
	$(GO) test -count=1 -v -timeout 60m -run 'TestTraces' ./harness -determinism.runs=2000

# 100 such runs on arm64, emulated by qemu-aarch64-static (Debian: qemu-user-static), and as WebAssembly.
determinism-arm64:
	$(GO) test -count=1 -v -timeout 60m -run 'TestTracesAreTheSameOnEveryMachine' ./harness -determinism.runs=500 -determinism.arm64

# Every judge of every model against porcupine and against all orders tried, on 60,000 small histories each.
judges:
	$(GO) test -count=1 -v -timeout 20m -run 'TestJudges' ./models -models.histories=60000

# A million commands drawn by rapid, said to our server and to the redis-server that is installed: equal replies, events,
# streams to replicas and data. FAMILY=lists draws from one family alone, and from what makes what it works on.
differential:
	$(GO) test -count=1 -v -timeout 60m -run 'TestDifferential' ./node/server -rapid.checks=40000 -differential.family=$(FAMILY)

# Other people's clients, rate limiter, locks and queue of jobs, unchanged, on ordeal-node and an installed redis-server: a
# module of its own, so that ordeal's users do not get their libraries.
client-libraries:
	cd node/libraries && $(GO) test -count=1 -timeout 10m ./...

# Acknowledged writes lost, counted by a client that shares nothing with the checkers: 200 simulated runs, and live ones.
probe:
	$(GO) test -count=1 -v -timeout 60m -run TestTheProbe ./harness -probe.seeds=20 -probe.live=4

# What people run, a plain failover, a writable replica, a password, a CONFIG SET at run time, with 100 seeds each: every
# property is valid or not promised.
promises:
	$(GO) test -count=1 -v -timeout 60m -run TestWhatPeopleRun ./harness -promises.seeds=100

# The whole catalogue on an installed redis-server with a password, renamed commands, TLS and users.
clusters:
	$(GO) test -count=1 -v -timeout 90m -parallel 2 -run TestRealServersRunInEveryKindOfCluster ./harness -clusters.live

# 200 live runs in a row, of the catalogue and the swarm, on ordeal-node and an installed redis-server, beside busy loops in
# half of them and with the race detector in each fifth: no race, no panic, every history readable, no false alarm.
live-runs:
	$(GO) test -count=1 -v -timeout 300m -parallel 2 -run TestLiveRunsInARow ./harness -live.runs=$(or $(RUNS),200)

# Every planted bug is found by the checker that should, within 300 seeds of its scenario, and made small.
mutants:
	$(GO) test -count=1 -v -timeout 60m ./harness/mutants -every

# 200,000 drawn programs in our Lua and in an installed redis-server: the same values, errors and orders.
lua-differential:
	$(GO) test -count=1 -v -timeout 20m -run 'TestProgramsRunAsOnARealServer' ./node/script -lua.programs=200000

# Ours and an installed redis-server as each other's masters and replicas, in pairs and chains: 100,000 mixed writes of all
# types, cut links, kill -9 of either, promotions; and append only files of one that the other loads.
.PHONY: interop
interop:
	$(GO) test -count=1 -v -timeout 60m -run 'TestInterop|OfRedisIsLoaded|TestRedisLoadsOur|TestServersOfOurs|TestAChainOfOurs' ./node/server -interop.writes=100000

# 1,000 kill -9 of ordeal-node while it saves, receives and sends full synchronizations, and rewrites its append only file and
# its configuration: what the next start has was, whole, and nothing is gone that was promised.
.PHONY: kills
kills:
	$(GO) test -count=1 -v -timeout 120m -run 'TestKills' ./node/server -kills=$(or $(KILLS),1000)

# Values of a megabyte, 100,000 keys, backlogs smaller and larger than outages, full synchronizations that take seconds and
# are broken off, append only files: SEEDS drawn schedules of each.
.PHONY: sizes
sizes: build
	bin/ordeal sweep real-sizes -seeds 1-$(or $(SEEDS),5000)
	bin/ordeal sweep real-sizes-diskless -seeds 1-$(or $(SEEDS),5000)

# Every fuzz target of the module, each for FUZZTIME; what fails is kept in testdata/fuzz of its package, and played by
# make test from then on.
.PHONY: fuzz
fuzz:
	grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' . | sed 's|/[^/]*:func | |' | sort | while read dir target; do \
		echo "$$dir $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),3m) -parallel $(or $(PARALLEL),2) $$dir || exit 1; \
	done

# ST1005 and ST1011 do not know that Redis's own error texts begin with capitals, nor its word everysec.
lint:
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck -checks inherit,-ST1005,-ST1011 ./...

# Static programs for Linux and macOS in dist, as archives: from the module cache alone, without a network.
dist:
	rm -rf dist
	for target in $(or $(TARGETS),linux/amd64 linux/arm64 darwin/amd64 darwin/arm64); do \
		name=ordeal-$${target%/*}-$${target#*/}; \
		GOPROXY=off CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build -trimpath -ldflags "-s -w" -o dist/$$name/ \
			./harness/cmd/ordeal ./node/cmd/ordeal-node || exit 1; \
		cp README.md LICENSE dist/$$name/ && tar -C dist -czf dist/$$name.tar.gz $$name || exit 1; \
	done
	cd dist && sha256sum *.tar.gz > SHA256SUMS

clean:
	rm -rf bin runs dist
