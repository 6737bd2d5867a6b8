package server

// stats are counters since the start or CONFIG RESETSTAT.
type stats struct {
	connections, commands, rejected         int64
	netIn, netOut                           int64
	syncFull, syncPartialOK, syncPartialErr int64
	expired, evicted, hits, misses          int64
}
