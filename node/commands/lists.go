package commands

import (
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on lists; those that wait for an element are in blockinglists.go. Redis 4.0: t_list.c.

func (d *Data) listRows() []front.Command {
	return front.Group("list",
		front.Row("rpush", -3, "wmF", 1, 1, 1, func(c *front.Call) { d.push(c, false) }, "Append values to a list"),
		front.Row("lpush", -3, "wmF", 1, 1, 1, func(c *front.Call) { d.push(c, true) }, "Prepend values to a list"),
		front.Row("rpushx", -3, "wmF", 1, 1, 1, func(c *front.Call) { d.pushIfThere(c, false) },
			"Append values to a list, only if it exists"),
		front.Row("lpushx", -3, "wmF", 1, 1, 1, func(c *front.Call) { d.pushIfThere(c, true) },
			"Prepend values to a list, only if it exists"),
		front.Row("linsert", 5, "wm", 1, 1, 1, d.linsertCommand,
			"Insert an element before or after another element in a list"),
		front.Row("rpop", 2, "wF", 1, 1, 1, func(c *front.Call) { d.pop(c, false) },
			"Remove and get the last element of a list"),
		front.Row("lpop", 2, "wF", 1, 1, 1, func(c *front.Call) { d.pop(c, true) },
			"Remove and get the first element of a list"),
		front.Row("llen", 2, "rF", 1, 1, 1, d.llenCommand, "Get the length of a list"),
		front.Row("lindex", 3, "r", 1, 1, 1, d.lindexCommand, "Get an element of a list by its index"),
		front.Row("lset", 4, "wm", 1, 1, 1, d.lsetCommand, "Set the value of an element of a list by its index"),
		front.Row("lrange", 4, "r", 1, 1, 1, d.lrangeCommand, "Get a range of elements of a list"),
		front.Row("ltrim", 4, "w", 1, 1, 1, d.ltrimCommand, "Trim a list to the specified range"),
		front.Row("lrem", 4, "w", 1, 1, 1, d.lremCommand, "Remove elements from a list that are equal to a value"),
		front.Row("rpoplpush", 3, "wm", 1, 2, 1, d.rpoplpushCommand,
			"Remove the last element of a list, prepend it to another list and return it"),
	)
}

// Below, head says which end of a list is meant: true the first element's, false the last one's.

// pushEvent and popEvent are what is told of an element put to one end of a list, and taken from it.
func pushEvent(head bool) string {
	if head {
		return "lpush"
	}
	return "rpush"
}

func popEvent(head bool) string {
	if head {
		return "lpop"
	}
	return "rpop"
}

func (d *Data) push(c *front.Call, head bool) {
	if v, ok := d.changeOrAdd(c, c.Args[1], value.KindList); ok {
		d.pushAll(c, v, head)
	}
}

func (d *Data) pushIfThere(c *front.Call, head bool) {
	v, found, ok := d.change(c, c.Args[1], value.KindList)
	switch {
	case !ok:
	case !found:
		c.Int(0)
	default:
		d.pushAll(c, v, head)
	}
}

// pushAll puts the call's words into the list v.
func (d *Data) pushAll(c *front.Call, v value.Value, head bool) {
	for _, word := range c.Args[2:] {
		v.List().Push(head, word)
	}
	c.Dirty += int64(len(c.Args) - 2)
	c.Int(int64(v.List().Len()))
	d.changed(c, c.Args[1], eventList, pushEvent(head), v)
}

func (d *Data) linsertCommand(c *front.Call) {
	after := c.Option(2) == "AFTER"
	if !after && c.Option(2) != "BEFORE" {
		c.Error(front.ErrSyntax)
		return
	}
	v, found, ok := d.change(c, c.Args[1], value.KindList)
	switch {
	case !ok:
		return
	case !found:
		c.Int(0)
		return
	}
	at, there := v.List().Index(c.Args[3])
	if !there {
		c.Int(-1)
		return
	}
	if after {
		at++
	}
	v.List().Insert(at, c.Args[4])
	c.Dirty++
	c.Int(int64(v.List().Len()))
	d.changed(c, c.Args[1], eventList, "linsert", v)
}

func (d *Data) pop(c *front.Call, head bool) {
	v, found, ok := d.change(c, c.Args[1], value.KindList)
	switch {
	case !ok:
	case !found:
		c.Null()
	default:
		element, _ := v.List().Pop(head)
		c.Bulk(element)
		c.Dirty++
		d.changed(c, c.Args[1], eventList, popEvent(head), v)
	}
}

func (d *Data) llenCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindList)
	switch {
	case !ok:
	case !found:
		c.Int(0)
	default:
		c.Int(int64(v.List().Len()))
	}
}

// element returns the place of the element that index stands for, negative ones being counted from the end; ok is false
// if there is none.
func element(l *value.List, index int64) (i int, ok bool) {
	if index < 0 {
		index += int64(l.Len())
	}
	return int(index), 0 <= index && index < int64(l.Len())
}

func (d *Data) lindexCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindList)
	if !ok {
		return
	}
	if !found {
		c.Null()
		return
	}
	index, ok := c.Integer(2)
	if !ok {
		return
	}
	i, there := element(v.List(), index)
	if !there {
		c.Null()
		return
	}
	s, _ := v.List().At(i)
	c.Bulk(s)
}

func (d *Data) lsetCommand(c *front.Call) {
	v, found, ok := d.change(c, c.Args[1], value.KindList)
	if !ok {
		return
	}
	if !found {
		c.Error(front.ErrNoKey)
		return
	}
	index, ok := c.Integer(2)
	if !ok {
		return
	}
	i, there := element(v.List(), index)
	if !there {
		c.Error(front.ErrIndex)
		return
	}
	v.List().Set(i, c.Args[3])
	c.Dirty++
	c.OK()
	d.changed(c, c.Args[1], eventList, "lset", v)
}

// listRange turns the ends of a range, both within and counted from the end when negative, into places of a list of
// length n, 0 ≤ from ≤ to ≤ n, to outside. An empty range is 0, 0.
func listRange(start, end int64, n int) (from, to int) {
	length := int64(n)
	if start < 0 {
		start = max(start+length, 0)
	}
	if end < 0 {
		end += length
	}
	if start > end || start >= length {
		return 0, 0
	}
	return int(start), int(min(end, length-1)) + 1
}

// bounds reads arguments 2 and 3 as the ends of a range. If they are none, it replies.
func bounds(c *front.Call) (start, end int64, ok bool) {
	if start, ok = c.Integer(2); ok {
		end, ok = c.Integer(3)
	}
	return start, end, ok
}

func (d *Data) lrangeCommand(c *front.Call) {
	start, end, ok := bounds(c)
	if !ok {
		return
	}
	v, found, ok := d.read(c, c.Args[1], value.KindList)
	if !ok {
		return
	}
	if !found {
		c.Array(0)
		return
	}
	from, to := listRange(start, end, v.List().Len())
	c.Array(to - from)
	for s := range v.List().Range(from, to) {
		c.Bulk(s)
	}
}

func (d *Data) ltrimCommand(c *front.Call) {
	start, end, ok := bounds(c)
	if !ok {
		return
	}
	v, found, ok := d.change(c, c.Args[1], value.KindList)
	if !ok {
		return
	}
	if found {
		l := v.List()
		from, to := listRange(start, end, l.Len())
		l.Delete(to, l.Len())
		l.Delete(0, from)
		c.Dirty++ // though it may have left the list as it was
		d.changed(c, c.Args[1], eventList, "ltrim", v)
	}
	c.OK()
}

func (d *Data) lremCommand(c *front.Call) {
	count, ok := c.Integer(2)
	if !ok {
		return
	}
	v, found, ok := d.change(c, c.Args[1], value.KindList)
	if !ok {
		return
	}
	removed := 0
	if found {
		n := int64(v.List().Len())
		removed = v.List().Remove(int(min(max(count, -n), n)), c.Args[3])
	}
	if removed > 0 {
		c.Dirty += int64(removed)
		d.changed(c, c.Args[1], eventList, "lrem", v)
	}
	c.Int(int64(removed))
}

func (d *Data) rpoplpushCommand(c *front.Call) {
	if !d.rpoplpush(c, c.Args[1], c.Args[2]) {
		c.Null()
	}
}

// rpoplpush moves the last element of the list at from to the beginning of that at to, which may be the same, and
// replies. Without an element it does nothing, and says false.
func (d *Data) rpoplpush(c *front.Call, from, to []byte) (answered bool) {
	source, found, ok := d.change(c, from, value.KindList)
	switch {
	case !ok:
		return true
	case !found:
		return false
	}
	target, ok := d.changeOrAdd(c, to, value.KindList)
	if !ok {
		return true
	}
	s, _ := source.List().Pop(false)
	target.List().PushFront(s)
	c.Bulk(s)
	c.Dirty++
	d.touched(c.DB, to)
	d.notify(eventList, "lpush", c.DB, to)
	d.changed(c, from, eventList, "rpop", source)
	return true
}
