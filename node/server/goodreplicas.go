package server

// refreshGood counts the replicas that have acknowledged lately. Redis 4.0: replication.c, refreshGoodSlavesCount.
func (r *replication) refreshGood(s *Server) {
	if s.cfg.minSlavesToWrite == 0 || s.cfg.minSlavesMaxLag == 0 {
		return
	}
	good := 0
	for _, c := range r.replicas {
		if replicaOf(c).phase == replicaOnline && s.unix()-replicaOf(c).ackTime <= s.cfg.minSlavesMaxLag {
			good++
		}
	}
	r.goodReplicas = good
}

// tooFewGoodReplicas says whether min-slaves-to-write forbids a write now.
func (r *replication) tooFewGoodReplicas(s *Server) bool {
	return r.isMaster() && s.cfg.minSlavesToWrite != 0 && s.cfg.minSlavesMaxLag != 0 &&
		int64(r.goodReplicas) < s.cfg.minSlavesToWrite
}
