package replication

// RefreshGood counts the replicas that have acknowledged lately. Redis 4.0: replication.c, refreshGoodSlavesCount.
func (r *Replication) RefreshGood() {
	if r.cfg.MinSlavesToWrite == 0 || r.cfg.MinSlavesMaxLag == 0 {
		return
	}
	good := 0
	for _, c := range r.replicas {
		if replicaOf(c).phase == replicaOnline && r.unix()-replicaOf(c).ackTime <= r.cfg.MinSlavesMaxLag {
			good++
		}
	}
	r.GoodReplicas = good
}

// TooFewGoodReplicas says whether min-slaves-to-write forbids a write now.
func (r *Replication) TooFewGoodReplicas() bool {
	return r.IsMaster() && r.cfg.MinSlavesToWrite != 0 && r.cfg.MinSlavesMaxLag != 0 &&
		int64(r.GoodReplicas) < r.cfg.MinSlavesToWrite
}
