// Package commands is the commands on data: one file a family, each with its rows of the table at its head. They work on
// a [Data], the dataset with everything that must happen around a key (it may have expired, somebody may watch it or
// wait for it, somebody may want to be told), and reply through a [front.Call].
//
// Where to look. strings.go, bits.go, lists.go, blockinglists.go, sets.go, setalgebra.go, hashes.go, sortedsets.go,
// sortedsetranges.go, sortedsetstores.go, hyperloglog.go, geo.go, keys.go, scan.go, sort.go, expire.go, databases.go,
// transactions.go and publish.go are the families. lookup.go is how all of them get at keys, watch.go who watches them,
// blocked.go who waits for them, notify.go who is told, activeexpire.go what is deleted without being asked for,
// longdouble.go the floats of INCRBYFLOAT, double.go all others, scores.go those of sorted sets and the ends of ranges,
// geohash.go how a place is a score.
// scripts.go is EVAL and SCRIPT, scriptrun.go a script under way: its commands and how replicas hear of it.
// eviction.go is which keys go when memory is short, accessclock.go what it goes by.
//
// A command that changes data counts its changes in Call.Dirty, calls [Data.notify] for each, and lets what must reach
// replicas otherwise than it came be known by Call.Instead. A blocking command replies or calls [Data.block].
package commands
