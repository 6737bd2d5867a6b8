package replication

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node/front"
)

// roleCommand is ROLE. Redis 4.0: replication.c, roleCommand.
func (r *Replication) roleCommand(c *front.Call) {
	if !r.IsMaster() {
		c.Array(5)
		c.Text("slave")
		c.Text(r.masterHost)
		c.Int(int64(r.masterPort))
		c.Text(r.state.String())
		offset := int64(-1)
		if r.master != nil {
			offset = r.master.applied
		}
		c.Int(offset)
		return
	}
	online := 0
	for _, rc := range r.replicas {
		if tellable(rc) {
			online++
		}
	}
	c.Array(3)
	c.Text("master")
	c.Int(r.Offset)
	c.Array(online)
	for _, rc := range r.replicas {
		if !tellable(rc) {
			continue
		}
		ip, port := replicaAddr(rc)
		c.Array(3)
		c.Text(ip)
		c.Text(strconv.Itoa(port))
		c.Text(itoa(replicaOf(rc).ackOffset))
	}
}

// tellable says whether ROLE lists the replica.
func tellable(c *front.Client) bool {
	ip, _ := replicaAddr(c)
	return replicaOf(c).phase == replicaOnline && ip != ""
}
