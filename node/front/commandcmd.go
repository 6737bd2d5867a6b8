package front

// COMMAND: the table, told to clients. Redis 4.0: server.c, commandCommand.

// CommandRows are the commands about commands.
func (f *Front) CommandRows() []Command {
	return Group("server", Row("command", 0, "lt", 0, 0, 0, f.commandCommand, "Get array of Redis command details"))
}

func (f *Front) commandCommand(c *Call) {
	switch sub := c.Option(1); {
	case len(c.Args) == 1:
		rows := f.listed()
		c.Array(len(rows))
		for _, cmd := range rows {
			c.row(cmd)
		}
	case sub == "INFO":
		c.Array(len(c.Args) - 2)
		for _, name := range c.Args[2:] {
			c.row(f.Table.Lookup(name))
		}
	case sub == "COUNT" && len(c.Args) == 2:
		c.Int(int64(f.Table.Len()))
	case sub == "GETKEYS" && len(c.Args) >= 3:
		f.commandGetKeys(c)
	default:
		c.Error("ERR Unknown subcommand or wrong number of arguments.")
	}
}

// listed are the commands that rename-command has left their name.
func (f *Front) listed() (rows []*Command) {
	f.Table.All(func(cmd *Command) {
		if f.Table.byName[cmd.Name] == cmd {
			rows = append(rows, cmd)
		}
	})
	return rows
}

// row replies with a row of the table; cmd may be nil.
func (c *Call) row(cmd *Command) {
	if cmd == nil {
		c.NullArray()
		return
	}
	c.Array(6)
	c.Text(cmd.Name)
	c.Int(int64(cmd.Arity))
	var names []string
	for i, name := range flagNames {
		if cmd.Is(1 << i) {
			names = append(names, name)
		}
	}
	c.Array(len(names))
	for _, name := range names {
		c.Simple(name)
	}
	c.Int(int64(cmd.First))
	c.Int(int64(cmd.Last))
	c.Int(int64(cmd.Step))
}

func (f *Front) commandGetKeys(c *Call) {
	args := c.Args[2:]
	cmd := f.Table.Lookup(args[0])
	switch {
	case cmd == nil:
		c.Error("ERR Invalid command specified")
		return
	case !cmd.TakesArgs(len(args)):
		c.Error("ERR Invalid number of arguments specified for command")
		return
	}
	keys := cmd.KeyIndices(args)
	if len(keys) == 0 {
		c.Error("ERR The command has no key arguments")
		return
	}
	c.Array(len(keys))
	for _, i := range keys {
		c.Bulk(args[i])
	}
}
