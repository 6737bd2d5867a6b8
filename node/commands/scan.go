package commands

import (
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/glob"
	"github.com/ordeal-go/ordeal/node/value"
)

// SCAN and its like. Redis 4.0: db.c, scanGenericCommand.

// scanOptions are what may follow the cursor.
type scanOptions struct {
	count   int    // about how many elements to look at, > 0
	pattern []byte // nil: all
}

// maxScanCount is the most elements that one call looks at, whatever COUNT says.
const maxScanCount = 1 << 30

// parseScanOptions reads them from argument i on. If they are wrong, it replies.
func parseScanOptions(c *front.Call, i int) (o scanOptions, ok bool) {
	o.count = 10
	for ; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			c.Error(front.ErrSyntax)
			return o, false
		}
		switch c.Option(i) {
		case "COUNT":
			count, ok := c.Integer(i + 1)
			if !ok {
				return o, false
			}
			if count < 1 {
				c.Error(front.ErrSyntax)
				return o, false
			}
			o.count = int(min(count, maxScanCount))
		case "MATCH":
			if o.pattern = c.Args[i+1]; string(o.pattern) == "*" {
				o.pattern = nil
			}
		default:
			c.Error(front.ErrSyntax)
			return o, false
		}
	}
	return o, true
}

func (o *scanOptions) matches(text []byte) bool {
	return o.pattern == nil || glob.Match(o.pattern, text, false)
}

// scanCursor reads argument i as a cursor. If it is none, it replies.
func scanCursor(c *front.Call, i int) (cursor uint64, ok bool) {
	if cursor, ok = parseCursor(c.Args[i]); !ok {
		c.Error("ERR invalid cursor")
	}
	return cursor, ok
}

// replyScan replies with a page of a scan.
func replyScan(c *front.Call, next uint64, found []string) {
	c.Array(2)
	c.Bulk(appendUint(nil, next))
	c.Texts(found)
}

func (d *Data) scanCommand(c *front.Call) {
	cursor, ok := scanCursor(c, 1)
	if !ok {
		return
	}
	o, ok := parseScanOptions(c, 2)
	if !ok {
		return
	}
	var found []string
	next := d.db(c).Scan(cursor, o.count, func(key string, _ value.Value) {
		if o.matches([]byte(key)) && !d.hidden(c.DB, key) {
			found = append(found, key)
		}
	})
	replyScan(c, next, found)
}

// scanPage calls visit with the words of about count elements of a collection, for each as many as are replied, the
// first of them being what MATCH looks at, and returns the cursor to go on with.
type scanPage func(v value.Value, cursor uint64, count int, visit func(words ...[]byte)) (next uint64)

// scanOf is SSCAN and its like: the scan of the collection of type k at argument 1.
func (d *Data) scanOf(c *front.Call, k value.Kind, page scanPage) {
	cursor, ok := scanCursor(c, 2)
	if !ok {
		return
	}
	v, found, ok := d.read(c, c.Args[1], k)
	if !ok {
		return
	}
	if !found {
		replyScan(c, 0, nil)
		return
	}
	o, ok := parseScanOptions(c, 3)
	if !ok {
		return
	}
	var list []string
	next := page(v, cursor, o.count, func(words ...[]byte) {
		if o.matches(words[0]) {
			for _, w := range words {
				list = append(list, string(w))
			}
		}
	})
	replyScan(c, next, list)
}
