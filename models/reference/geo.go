package reference

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// Places in sorted sets. A server keeps a place to within half a metre: what it says of distances may be as far off.

var geoCommands = map[string]func(*Data, []string, histories.Value) want{
	"GEOADD": geoadd, "GEODIST": geodist, "GEOPOS": geopos, "GEORADIUSBYMEMBER": georadius,
}

type spot struct{ longitude, latitude float64 }

// placed finds a sorted set of places; one of another making is not known, and another type wrong.
func (d *Data) placed(key string) (it *item, wrong bool) {
	it = d.get(key)
	if it != nil && it.kind == isZSet && it.places == nil {
		d.Unsure = true
	}
	return it, it != nil && it.kind != isZSet
}

func (d *Data) putPlaces(key string, was *item, all map[string]spot) {
	it := &item{kind: isZSet, hidden: true, places: all}
	if was != nil {
		it.mortal, it.dies = was.mortal, was.dies
	}
	d.put(key, it)
}

// geoadd is GEOADD key longitude latitude member.
func geoadd(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.placed(w[1])
	if wrong {
		return wrongType
	}
	all, added := map[string]spot{}, 0
	if it != nil {
		for m, p := range it.places { // any order: a copy
			all[m] = p
		}
	}
	for i := 2; i+2 < len(w); i += 3 {
		if _, there := all[w[i+2]]; !there {
			added++
		}
		all[w[i+2]] = spot{degrees(w[i]), degrees(w[i+1])}
	}
	d.putPlaces(w[1], it, all)
	return number(added)
}

func degrees(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64) // this program drew it
	return f
}

// metres is the distance of two places. Redis 4.0: geohash_helper.c, geohashGetDistance.
func metres(a, b spot) float64 {
	const radius, radian = 6372797.560856, math.Pi / 180
	u := sin((b.latitude - a.latitude) * radian / 2)
	v := sin((b.longitude - a.longitude) * radian / 2)
	w := float64(cos(a.latitude*radian)*cos(b.latitude*radian)*v) * v
	return 2 * radius * asin(math.Sqrt(float64(u*u)+float64(w)))
}

var metresIn = map[string]float64{"m": 1, "km": 1000, "ft": 0.3048, "mi": 1609.34}

// about says that a reply is a number, as text, that is a distance to within what a server keeps of places.
func about(got histories.Value, distance, unit float64) want {
	f, err := strconv.ParseFloat(got.Str(), 64)
	if err != nil || math.Abs(float64(f*unit)-distance) > fuzzy(distance) {
		return want{how: judged, why: fmt.Sprintf("answered %s, and must answer about %.4f", short(got), distance/unit)}
	}
	return want{how: judged}
}

// fuzzy is how far off a server may be that knows places to within half a metre, in m.
func fuzzy(distance float64) float64 { return 2 + float64(distance*1e-5) }

// geodist is GEODIST key member member unit.
func geodist(d *Data, w []string, got histories.Value) want {
	it, wrong := d.placed(w[1])
	switch {
	case wrong:
		return wrongType
	case it == nil:
		return null
	}
	a, ok1 := it.places[w[2]]
	b, ok2 := it.places[w[3]]
	if !ok1 || !ok2 {
		return null
	}
	return about(got, metres(a, b), metresIn[w[4]])
}

// geopos is GEOPOS key member.
func geopos(d *Data, w []string, got histories.Value) want {
	it, wrong := d.placed(w[1])
	switch {
	case wrong:
		return wrongType
	case it == nil || len(got.Elems()) != 1:
		return exact(histories.List(histories.Value{}))
	}
	p, there := it.places[w[2]]
	if !there {
		return exact(histories.List(histories.Value{}))
	}
	at := got.Elem(0)
	if len(at.Elems()) != 2 || metres(p, spot{degrees(at.Elem(0).Str()), degrees(at.Elem(1).Str())}) > 2 {
		return want{how: judged, why: fmt.Sprintf("answered %s, and must answer about %f %f", short(got), p.longitude, p.latitude)}
	}
	return want{how: judged}
}

// georadius is GEORADIUSBYMEMBER key member radius unit COUNT n [DESC], or with STORE key in the place of COUNT.
func georadius(d *Data, w []string, got histories.Value) want {
	it, wrong := d.placed(w[1])
	switch {
	case wrong:
		return wrongType
	case it == nil:
		return exact(histories.List())
	}
	centre, there := it.places[w[2]]
	if !there {
		return fails("ERR could not decode requested zset member")
	}
	radius, _ := strconv.ParseFloat(w[3], 64)
	radius *= metresIn[w[4]]
	far := func(m string) float64 { return metres(centre, it.places[m]) }
	var within []string
	for m := range it.places { // any order: they are sorted
		switch f := far(m); {
		case math.Abs(f-radius) < fuzzy(radius):
			d.Unsure = true
		case f < radius:
			within = append(within, m)
		}
	}
	slices.SortFunc(within, func(a, b string) int { return strings.Compare(a, b) })
	slices.SortStableFunc(within, func(a, b string) int { return int(math.Copysign(1, far(a)-far(b))) })
	if strings.EqualFold(w[5], "STORE") {
		all := map[string]spot{}
		for _, m := range within {
			all[m] = it.places[m]
		}
		d.get(w[6])
		if len(all) == 0 {
			d.drop(w[6])
		} else {
			d.putPlaces(w[6], nil, all)
		}
		return number(len(all))
	}
	if len(w) > 7 && strings.EqualFold(w[7], "DESC") {
		slices.Reverse(within)
	}
	n, _ := integer(w[6])
	if n < 1 {
		return fails("ERR COUNT must be > 0")
	}
	return texts(within[:min(int(n), len(within))])
}
