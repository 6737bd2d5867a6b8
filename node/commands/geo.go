package commands

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on places, which are members of sorted sets; how a place becomes a score is in geohash.go.
// Redis 4.0: geo.c.

func (d *Data) geoRows() []front.Command {
	rows := front.Group("geo",
		front.Row("geoadd", -5, "wm", 1, 1, 1, d.geoaddCommand, "Add places to a sorted set"),
		front.Row("georadius", -6, "w*", 1, 1, 1, func(c *front.Call) { d.georadius(c, false, true) }, "Find the places within a distance of a point"),
		front.Row("georadius_ro", -6, "r*", 1, 1, 1, func(c *front.Call) { d.georadius(c, false, false) }, "Find the places within a distance of a point, and store nothing"),
		front.Row("georadiusbymember", -5, "w*", 1, 1, 1, func(c *front.Call) { d.georadius(c, true, true) }, "Find the places within a distance of a member"),
		front.Row("georadiusbymember_ro", -5, "r*", 1, 1, 1, func(c *front.Call) { d.georadius(c, true, false) }, "Find the places within a distance of a member, and store nothing"),
		front.Row("geohash", -2, "r", 1, 1, 1, d.geohashCommand, "Return the geohashes of members as text"),
		front.Row("geopos", -2, "r", 1, 1, 1, d.geoposCommand, "Return longitude and latitude of members"),
		front.Row("geodist", -4, "r", 1, 1, 1, d.geodistCommand, "Return the distance between two members"),
	)
	for i := range rows {
		if rows[i].Is(front.Movable) {
			rows[i].Keys = georadiusKeys
		}
	}
	return rows
}

// georadiusKeys returns the places of the keys: that which is read, and that which is written, if there is one.
// Redis 4.0: db.c, georadiusGetKeys.
func georadiusKeys(args [][]byte) []int {
	keys := []int{1}
	for i := 5; i+1 < len(args); i++ {
		if word := strings.ToUpper(string(args[i])); word == "STORE" || word == "STOREDIST" {
			keys = append(keys[:1], i+1)
			i++
		}
	}
	return keys
}

// parsePlace reads arguments i and i+1 as longitude and latitude. If they are none, it replies.
func parsePlace(c *front.Call, i int) (p place, ok bool) {
	var ok2 bool
	p.longitude, ok = parseScore(c.Args[i])
	p.latitude, ok2 = parseScore(c.Args[i+1])
	if !ok || !ok2 {
		c.Error(front.ErrNotFloat)
		return p, false
	}
	if !p.valid() {
		c.Error("ERR invalid longitude,latitude pair " + sixDecimals(p.longitude) + "," + sixDecimals(p.latitude))
		return p, false
	}
	return p, true
}

// sixDecimals prints f as C's "%f".
func sixDecimals(f float64) string {
	if text := string(value.AppendScore(nil, f)); strings.HasSuffix(text, "inf") {
		return text
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// unitOf returns how many metres a unit has. If there is no such unit, it replies.
func unitOf(c *front.Call, i int) (metres float64, ok bool) {
	switch string(c.Args[i]) {
	case "m":
		return 1, true
	case "km":
		return 1000, true
	case "ft":
		return 0.3048, true
	case "mi":
		return 1609.34, true
	}
	c.Error("ERR unsupported unit provided. please use m, km, ft, mi")
	return 0, false
}

// geoaddCommand is a ZADD of the places' scores, and that is what replicas get.
func (d *Data) geoaddCommand(c *front.Call) {
	if (len(c.Args)-2)%3 != 0 {
		c.Error("ERR syntax error. Try GEOADD key [x1] [y1] [name1] [x2] [y2] [name2] ... ")
		return
	}
	words := [][]byte{[]byte("ZADD"), c.Args[1]}
	for i := 2; i < len(c.Args); i += 3 {
		p, ok := parsePlace(c, i)
		if !ok {
			return
		}
		words = append(words, appendUint(nil, cellOf(p, maxLatitude, geoSteps).bits()), c.Args[i+2])
	}
	given := c.Args
	c.Args = words
	d.zadd(c, zaddOptions{})
	c.Args = given
	c.Instead(words...)
}

// scoreOf returns the score of member in v, which may not be there.
func scoreOf(v value.Value, found bool, member []byte) (score float64, ok bool) {
	if !found {
		return 0, false
	}
	return v.ZSet().Score(member)
}

func (d *Data) geohashCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	c.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		if score, there := scoreOf(v, found, member); there {
			c.Text(geohashText(placeOf(score)))
		} else {
			c.Null()
		}
	}
}

func (d *Data) geoposCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	c.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		if score, there := scoreOf(v, found, member); there {
			replyPlace(c, placeOf(score))
		} else {
			c.NullArray()
		}
	}
}

// replyPlace replies with longitude and latitude, 17 decimals less zeros at the end.
func replyPlace(c *front.Call, p place) {
	c.Array(2)
	for _, degrees := range [...]float64{p.longitude, p.latitude} {
		text := bytes.TrimRight(strconv.AppendFloat(nil, degrees, 'f', 17, 64), "0")
		c.Bulk(bytes.TrimSuffix(text, []byte(".")))
	}
}

func replyDistance(c *front.Call, distance float64) {
	c.Text(strconv.FormatFloat(distance, 'f', 4, 64))
}

func (d *Data) geodistCommand(c *front.Call) {
	unit, ok := 1.0, true
	switch {
	case len(c.Args) == 5:
		unit, ok = unitOf(c, 4)
	case len(c.Args) > 5:
		c.Error(front.ErrSyntax)
		return
	}
	if !ok {
		return
	}
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	from, ok1 := scoreOf(v, found, c.Args[2])
	to, ok2 := scoreOf(v, found, c.Args[3])
	if !ok1 || !ok2 {
		c.Null()
		return
	}
	replyDistance(c, distance(placeOf(from), placeOf(to))/unit)
}

// radiusQuery is what GEORADIUS and its like are asked.
type radiusQuery struct {
	centre                        place
	radius, unit                  float64 // radius in units, the unit in m
	withDist, withHash, withCoord bool
	order                         int    // 1: nearest first, -1: farthest first, 0: as they come
	count                         int64  // 0: all
	store                         []byte // nil: they are replied
	storeDist                     bool   // distances are stored, not places
}

// nearby is a place that was found.
type nearby struct {
	member  []byte
	score   float64
	measure float64 // of how far it is; see circle
}

// parseRadius reads radius and unit from argument i on. If they are wrong, it replies.
func (q *radiusQuery) parseRadius(c *front.Call, i int) (ok bool) {
	if q.radius, ok = parseScore(c.Args[i]); !ok {
		c.Error("ERR need numeric radius")
		return false
	}
	if q.radius < 0 {
		c.Error("ERR radius cannot be negative")
		return false
	}
	q.unit, ok = unitOf(c, i+1)
	return ok
}

// parseOptions reads the options from argument i on. If they are wrong, it replies.
func (q *radiusQuery) parseOptions(c *front.Call, i int, mayStore bool) (ok bool) {
	for ; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch option := c.Option(i); {
		case option == "WITHDIST":
			q.withDist = true
		case option == "WITHHASH":
			q.withHash = true
		case option == "WITHCOORD":
			q.withCoord = true
		case option == "ASC":
			q.order = 1
		case option == "DESC":
			q.order = -1
		case option == "COUNT" && more:
			i++
			if q.count, ok = c.Integer(i); !ok {
				return false
			}
			if q.count <= 0 {
				c.Error("ERR COUNT must be > 0")
				return false
			}
		case (option == "STORE" || option == "STOREDIST") && mayStore && more:
			i++
			q.store, q.storeDist = c.Args[i], option == "STOREDIST"
		default:
			c.Error(front.ErrSyntax)
			return false
		}
	}
	if q.store != nil && (q.withDist || q.withHash || q.withCoord) {
		c.Error("ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORDS options")
		return false
	}
	if q.count > 0 && q.order == 0 {
		q.order = 1 // the nearest are meant
	}
	return true
}

// georadius is GEORADIUS and its like. Where there is no key, nothing else is looked at and nothing is stored, as in 4.0.
func (d *Data) georadius(c *front.Call, byMember, mayStore bool) {
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	if !found {
		c.Array(0)
		return
	}
	var q radiusQuery
	at := 4 // of the radius
	if byMember {
		at = 3
		score, there := v.ZSet().Score(c.Args[2])
		if !there {
			c.Error("ERR could not decode requested zset member")
			return
		}
		q.centre = placeOf(score)
	} else if q.centre, ok = parsePlace(c, 2); !ok {
		return
	}
	if !q.parseRadius(c, at) || !q.parseOptions(c, at+2, mayStore) {
		return
	}
	found2 := q.find(v.ZSet())
	if q.store != nil {
		d.storePlaces(c, &q, found2)
		return
	}
	q.reply(c, found2)
}

// find returns the places that were asked for.
func (q *radiusQuery) find(z *value.ZSet) (list []nearby) {
	radius := q.radius * q.unit
	within := circleAround(q.centre, radius)
	var before cell
	for i, cell := range around(q.centre, radius) {
		if i > 0 && cell == before {
			continue // the map is so small that this neighbour is the last one too
		}
		before = cell
		min, max := cell.scores()
		for member, score := range z.Range(z.ScoreRange(value.ScoreBound{Score: min}, value.ScoreBound{Score: max, Open: true})) {
			if m, in := within.measure(placeOf(score)); in {
				list = append(list, nearby{member, score, m})
			}
		}
	}
	if q.order != 0 {
		slices.SortStableFunc(list, func(a, b nearby) int { return q.order * q.compare(&a, &b) })
	}
	if q.count > 0 && q.count < int64(len(list)) {
		list = list[:q.count]
	}
	return list
}

// distance is how far a place is from the centre, in m.
func (q *radiusQuery) distance(n *nearby) float64 { return distance(q.centre, placeOf(n.score)) }

// compare says which of two is nearer; it measures exactly where that is needed.
func (q *radiusQuery) compare(a, b *nearby) int {
	if math.Abs(a.measure-b.measure) > 2*roughness*max(a.measure, b.measure) {
		return cmp.Compare(a.measure, b.measure)
	}
	return cmp.Compare(q.distance(a), q.distance(b))
}

func (q *radiusQuery) reply(c *front.Call, list []nearby) {
	parts := 1
	for _, with := range [...]bool{q.withDist, q.withHash, q.withCoord} {
		if with {
			parts++
		}
	}
	c.Array(len(list))
	for i := range list {
		n := &list[i]
		if parts > 1 {
			c.Array(parts)
		}
		c.Bulk(n.member)
		if q.withDist {
			replyDistance(c, q.distance(n)/q.unit)
		}
		if q.withHash {
			c.Int(int64(wholeOf(n.score)))
		}
		if q.withCoord {
			replyPlace(c, placeOf(n.score))
		}
	}
}

// storePlaces stores what was found under another key: places, or distances in the unit that was asked for.
func (d *Data) storePlaces(c *front.Call, q *radiusQuery, list []nearby) {
	result := value.NewZSet(d.db(c).Ledger())
	for i := range list {
		n := &list[i]
		score := n.score
		if q.storeDist {
			score = q.distance(n) / q.unit
		}
		result.Set(n.member, score)
	}
	d.storeZSet(c, q.store, result, "georadiusstore")
	if len(list) > 0 {
		c.Dirty += int64(len(list)) - 1
	}
}
