package commands

import "github.com/ordeal-go/ordeal/node/front"

// MULTI, EXEC, DISCARD, WATCH. Redis 4.0: multi.c.

func (d *Data) transactionRows() []front.Command {
	return front.Group("transactions",
		front.Row("multi", 1, "sFq", 0, 0, 0, d.multiCommand, "Mark the start of a transaction block"),
		front.Row("exec", 1, "sMqx", 0, 0, 0, d.execCommand, "Execute all commands issued after MULTI"),
		front.Row("discard", 1, "sFq", 0, 0, 0, d.discardCommand, "Discard all commands issued after MULTI"),
		front.Row("watch", -2, "sFq", 1, -1, 1, d.watchCommand, "Make EXEC depend on the given keys being left alone"),
		front.Row("unwatch", 1, "sF", 0, 0, 0, d.unwatchCommand, "Forget about all watched keys"),
	)
}

func (d *Data) multiCommand(c *front.Call) {
	if c.Is(front.InMulti) {
		c.Error("ERR MULTI calls can not be nested")
		return
	}
	c.Client.State |= front.InMulti
	c.Client.Multi = new(front.Transaction)
	c.OK()
}

// endTransaction forgets the transaction and what it watched.
func (d *Data) endTransaction(c *front.Client) {
	c.Multi = nil
	c.State &^= front.InMulti | front.DirtyCAS | front.DirtyExec
	d.unwatchAll(c)
}

func (d *Data) discardCommand(c *front.Call) {
	if !c.Is(front.InMulti) {
		c.Error("ERR DISCARD without MULTI")
		return
	}
	d.endTransaction(c.Client)
	c.OK()
}

func (d *Data) execCommand(c *front.Call) {
	switch {
	case !c.Is(front.InMulti):
		c.Error("ERR EXEC without MULTI")
		return
	case c.Is(front.DirtyExec):
		d.host.ShowMonitors(c)
		d.endTransaction(c.Client)
		c.Error("EXECABORT Transaction discarded because of previous errors.")
		return
	case c.Is(front.DirtyCAS):
		d.host.ShowMonitors(c)
		d.endTransaction(c.Client)
		c.NullArray()
		return
	}
	t := c.Client.Multi
	for i := range t.Queue {
		q := d.front.NewCall(c.Client, t.Queue[i].Cmd, t.Queue[i].Args)
		if refusal := d.host.RefuseQueued(&q); refusal != "" { // 4.0 executes it, and the replica is another one than its master
			d.host.ShowMonitors(c)
			d.endTransaction(c.Client)
			c.Error("EXECABORT Transaction discarded because of: " + refusal)
			return
		}
	}
	d.unwatchAll(c.Client) // its own commands must not spoil it
	t.Running, t.Exec = true, *c
	c.Array(len(t.Queue))
	d.ExecRest(c.Client)
}

// ExecRest runs what has not been run of a client's transaction, until a command has to wait for a file. It does
// nothing if no transaction is being run.
func (d *Data) ExecRest(client *front.Client) {
	t := client.Multi
	if t == nil || !t.Running {
		return
	}
	for t.Next < len(t.Queue) {
		if client.Is(front.Freed) {
			d.host.CloseTransaction(Everywhere, client.DB, front.Words("EXEC")) // those who were told of a part must not wait for the rest
			return
		}
		q := &t.Queue[t.Next]
		t.Next++
		if !q.Cmd.Is(front.ReadOnly | front.Admin) {
			t.Propagated = true
			d.host.OpenTransaction(Everywhere, client.DB)
		}
		t.Inner = d.front.NewCall(client, q.Cmd, q.Args)
		if refusal := d.host.RefuseQueued(&t.Inner); refusal != "" { // a SLAVEOF before it made us a replica
			t.Inner.Error(refusal)
			continue
		}
		d.front.Host.Execute(&t.Inner)
		if d.front.Host.Waits(client) {
			return // goes on when the file is done
		}
	}
	d.host.ShowMonitors(&t.Exec) // after the commands that it ran
	d.endTransaction(client)
	if t.Propagated {
		d.Dirty++
		d.host.CloseTransaction(Everywhere, client.DB, t.Exec.Args)
	}
}
