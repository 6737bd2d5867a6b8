package commands

import "github.com/ordeal-go/ordeal/node/front"

// PUBLISH. The commands of subscribers are package front's. Redis 4.0: pubsub.c.

func (d *Data) publishRows() []front.Command {
	return front.Group("pubsub", front.Row("publish", 3, "pltF", 0, 0, 0, d.publishCommand, "Post a message to a channel"))
}

// publishCommand delivers a message to our own subscribers, and as part of the stream to those of our replicas. No
// append only file has it: who was not there then does not hear it later.
func (d *Data) publishCommand(c *front.Call) {
	c.Int(d.front.Publish(string(c.Args[1]), c.Args[2]))
	c.ForceToReplicas()
}
