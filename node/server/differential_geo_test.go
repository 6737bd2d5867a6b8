package server

import (
	"strconv"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// drawGeo draws a command on places.
func drawGeo(g draws) drawn {
	key := func() string {
		if g.oneIn(16) {
			return "w1"
		}
		return g.pick("g1", "g2")
	}
	switch name := g.pick("GEOADD", "GEOADD", "GEOADD", "GEOHASH", "GEOPOS", "GEODIST", "GEORADIUS", "GEORADIUS", "GEORADIUS", "GEORADIUS_RO",
		"GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"); name {
	case "GEOADD":
		words := []string{name, key()}
		for _, member := range g.list(g.town) {
			words = append(words, g.longitude(), g.latitude(), member)
		}
		return say(words...)
	case "GEOHASH", "GEOPOS":
		return with(g.list(g.town), name, key())
	case "GEODIST":
		words := []string{name, key(), g.town(), g.town()}
		if g.oneIn(2) {
			words = append(words, g.unit())
		}
		return say(words...)
	case "GEORADIUS", "GEORADIUS_RO":
		return g.radius([]string{name, key(), g.longitude(), g.latitude()})
	default:
		return g.radius([]string{name, key(), g.town()})
	}
}

func (g draws) town() string {
	return g.pick("Palermo", "Catania", "Roma", "Quito", "Suva", "Tromsø", "Alert", "Ushuaia", "a", "b", "c", "d")
}

func (g draws) longitude() string {
	if g.oneIn(3) {
		return g.pick("13.361389", "15.087269", "0", "180", "-180", "179.9999", "-179.9999", "x", "181", "12.5")
	}
	return g.degrees(180)
}

func (g draws) latitude() string {
	if g.oneIn(3) {
		return g.pick("38.115556", "37.502669", "0", "85.05112878", "-85.05112878", "66.5", "-81", "85.06", "41.9")
	}
	return g.degrees(85)
}

func (g draws) degrees(most int) string {
	return strconv.Itoa(g.upTo(2*most)-most) + "." + strconv.Itoa(g.upTo(999999))
}

func (g draws) unit() string { return g.pick("m", "km", "ft", "mi", "parsec", "km") }

// radius is a question for what is near. The installed Redis picks the nearest with a partial sort, which may take
// others that are as near, and looks at the options before it finds that there is no key.
func (g draws) radius(words []string) drawn {
	words = append(words, g.pick("0", "1", "100", "1000", "5000", "20000", "100000", "0.5", "3000", "-1", "x"), g.unit())
	as := exact
	for g.oneIn(2) {
		switch option := g.pick("WITHDIST", "WITHHASH", "WITHCOORD", "ASC", "DESC", "COUNT", "STORE", "STOREDIST", "NOSUCH"); option {
		case "COUNT":
			words = append(words, option, g.pick("1", "2", "3", "10", "0", "-1", "x"))
		case "STORE":
			words = append(words, option, g.pick("g3", "g4"))
		case "STOREDIST":
			words = append(words, option, storedDistances)
		default:
			words = append(words, option)
		}
	}
	return drawn{words: words, as: as}
}

// storedDistances is the key that STOREDIST stores under. The last bit of a distance is not the same everywhere: the sines
// of C's library are hardly ever, but now and then, rounded to the second nearest number.
const storedDistances = "g5"

// compareDistances looks at what is stored under the key, and then deletes it.
func (p *pair) compareDistances(t require.TestingT) {
	for _, db := range []string{"0", "1"} {
		var found [2]resp.Reply
		for i, s := range []*side{p.ours, p.theirs} {
			request := resp.AppendCommand(nil, "SELECT", db)
			request = resp.AppendCommand(request, "ZRANGE", storedDistances, "0", "-1", "WITHSCORES")
			s.main.write(t, resp.AppendCommand(request, "DEL", storedDistances))
			s.main.must(t)
			found[i] = s.main.must(t)
			s.main.must(t)
		}
		require.Len(t, found[0].Elems, len(found[1].Elems))
		for i, e := range found[0].Elems {
			ours, err := strconv.ParseFloat(string(e.Str), 64)
			theirs, err2 := strconv.ParseFloat(string(found[1].Elems[i].Str), 64)
			if i%2 == 0 || err != nil || err2 != nil {
				require.Equal(t, string(found[1].Elems[i].Str), string(e.Str))
				continue
			}
			require.InEpsilon(t, 1+theirs, 1+ours, 1e-14)
		}
	}
}
