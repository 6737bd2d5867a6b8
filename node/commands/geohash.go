package commands

import (
	"math"

	"github.com/ordeal-go/ordeal/node/exact"
)

// Places on earth as scores. A geohash halves the ranges of longitude and latitude by turns; its bits lie from the highest
// down, longitude first. With 26 halvings of each it is a whole number of 52 bits, which a score holds without loss.
// Redis 4.0: geohash.c, geohash_helper.c.

const (
	geoSteps       = 26 // halvings of each range in a score
	maxLongitude   = 180.0
	maxLatitude    = 85.05112878    // where Mercator's map becomes a square
	earthRadius    = 6372797.560856 // in m
	mercatorRadius = 20037726.37    // half of the map's width in m
	radian         = math.Pi / 180  // one degree
	geoAlphabet    = "0123456789bcdefghjkmnpqrstuvwxyz"
	geohashLetters = 11 // of GEOHASH; the last one stands for bits that there are not
)

// place is a point on earth, in degrees.
type place struct{ longitude, latitude float64 }

func (p place) valid() bool {
	return p.longitude >= -maxLongitude && p.longitude <= maxLongitude && p.latitude >= -maxLatitude && p.latitude <= maxLatitude
}

// cell is a rectangle of the map: column and row of it if both ranges are halved step times. The zero value is none.
type cell struct {
	column, row uint64 // below 2^step; at the very edge of the map 2^step
	step        uint
}

// cellOf returns the cell that p lies in, latitudes going from -height to height.
func cellOf(p place, height float64, step uint) cell {
	size := float64(uint64(1) << step)
	column := (p.longitude + maxLongitude) / (2 * maxLongitude)
	row := (p.latitude + height) / (2 * height)
	return cell{uint64(column * size), uint64(row * size), step}
}

// bits is the geohash of the cell.
func (c cell) bits() uint64 { return spread(c.row) | spread(c.column)<<1 }

// spread puts a 0 before each of the lower 32 bits of n.
func spread(n uint64) uint64 {
	n &= 0xffffffff
	n = (n | n<<16) & 0x0000ffff0000ffff
	n = (n | n<<8) & 0x00ff00ff00ff00ff
	n = (n | n<<4) & 0x0f0f0f0f0f0f0f0f
	n = (n | n<<2) & 0x3333333333333333
	return (n | n<<1) & 0x5555555555555555
}

// gather is the reverse of spread; it forgets the bits between.
func gather(n uint64) uint64 {
	n &= 0x5555555555555555
	n = (n | n>>1) & 0x3333333333333333
	n = (n | n>>2) & 0x0f0f0f0f0f0f0f0f
	n = (n | n>>4) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return (n | n>>16) & 0x00000000ffffffff
}

// scores returns the range of scores, max outside, of the places in the cell.
func (c cell) scores() (min, max float64) {
	shift := 2 * (geoSteps - c.step)
	return float64(c.bits() << shift), float64((c.bits() + 1) << shift)
}

// edges returns the southwestern and the northeastern corner.
func (c cell) edges() (low, high place) {
	size := float64(uint64(1) << c.step)
	at := func(n uint64, half float64) float64 { return -half + float64(float64(n)/size*(2*half)) }
	return place{at(c.column, maxLongitude), at(c.row, maxLatitude)}, place{at(c.column+1, maxLongitude), at(c.row+1, maxLatitude)}
}

// beside returns the cell that is some columns to the east and rows to the north. It goes round the map, north and south
// too.
func (c cell) beside(east, north int) cell {
	mask := uint64(1)<<c.step - 1
	if east != 0 {
		c.column = (c.column + uint64(east)) & mask
	}
	if north != 0 {
		c.row = (c.row + uint64(north)) & mask
	}
	return c
}

// placeOf returns the place that a score stands for: the middle of its cell, and at the very edge of the map, where
// there is none, the edge.
func placeOf(score float64) place {
	bits := wholeOf(score)
	low, high := cell{gather(bits >> 1), gather(bits), geoSteps}.edges()
	within := func(a, b, most float64) float64 { return max(min((a+b)/2, most), -most) }
	return place{within(low.longitude, high.longitude, maxLongitude), within(low.latitude, high.latitude, maxLatitude)}
}

// wholeOf is score as a whole number, as x86 converts it: scores that are no geohashes mean the same everywhere.
func wholeOf(score float64) uint64 {
	const half = 1 << 63
	switch {
	case score >= 2*half:
		return 0
	case score >= half:
		return uint64(score-half) ^ half
	case score <= -half:
		return half
	}
	return uint64(int64(score))
}

// distance returns how far p and q are apart, in m, on a sphere.
func distance(p, q place) float64 {
	lat1, lat2 := p.latitude*radian, q.latitude*radian
	u := exact.Sin((lat2 - lat1) / 2)
	v := exact.Sin((float64(q.longitude*radian) - float64(p.longitude*radian)) / 2)
	w := float64(exact.Cos(lat1)*exact.Cos(lat2)*v) * v
	return 2 * earthRadius * exact.Asin(math.Sqrt(float64(u*u)+w))
}

// circle is the places that are no farther than radius m from a centre, and a rough measure of how far they are, which
// takes a tenth of the time of distance.
type circle struct {
	centre      place
	radius      float64 // m
	lat, cos    float64 // of the centre: in radians, and its cosine
	inside, out float64 // the measure up to which a place is surely within, and from which it is surely not
}

// roughness is how much less exact the rough measure is at most, relatively. It has about 11 digits.
const roughness = 1e-9

func circleAround(p place, radius float64) circle {
	c := circle{centre: p, radius: radius, lat: p.latitude * radian, cos: roughSine(math.Pi/2 - math.Abs(p.latitude*radian)),
		inside: math.Inf(1), out: math.Inf(1)}
	if half := radius / (2 * earthRadius); half < math.Pi/2 {
		most := exact.Sin(half)
		most *= most
		c.inside, c.out = most*(1-roughness), most*(1+roughness)
	}
	return c
}

// measure is the square of the sine of half the angle between the centre and q: the larger, the farther. within says
// whether q is in the circle; if it is not, the measure may be too small.
func (c *circle) measure(q place) (measure float64, within bool) {
	lat2 := q.latitude * radian
	u := roughSine(math.Abs(lat2-c.lat) / 2)
	if u *= u; u > c.out {
		return u, false
	}
	v := math.Abs(float64(q.longitude*radian)-float64(c.centre.longitude*radian)) / 2
	v = roughSine(min(v, math.Pi-v))
	measure = u + float64(c.cos*roughSine(math.Pi/2-math.Abs(lat2))*v*v)
	if measure > c.inside {
		return measure, measure <= c.out && distance(c.centre, q) <= c.radius
	}
	return measure, true
}

// roughSine is the sine of an angle from 0 to pi/2, to about 12 digits.
func roughSine(x float64) float64 {
	x2, sum := x*x, 0.0
	for _, c := range [...]float64{1. / (16 * 17), 1. / (14 * 15), 1. / (12 * 13), 1. / (10 * 11), 1. / (8 * 9), 1. / (6 * 7), 1. / (4 * 5), 1. / (2 * 3)} {
		sum = -float64(x2*c) * (1 + sum)
	}
	return float64(x*sum) + x
}

// geohashText is the geohash of p as the rest of the world writes it, whose latitudes go from -90 to 90.
func geohashText(p place) string {
	bits := cellOf(p, 90, geoSteps).bits()
	var text [geohashLetters]byte
	for i := range text {
		letter := 0
		if shift := 2*geoSteps - 5*(i+1); shift >= 0 {
			letter = int(bits >> shift & 31)
		}
		text[i] = geoAlphabet[letter]
	}
	return string(text[:])
}

// halvings returns how often the map is halved for cells that are so large that a circle around a place is not larger
// than three by three of them. Cells become narrow near the poles. Redis 4.0: geohashEstimateStepsByRadius.
func halvings(radius, latitude float64) uint {
	if radius == 0 {
		return geoSteps
	}
	step := -1
	for ; radius < mercatorRadius; radius *= 2 {
		step++
	}
	if math.Abs(latitude) > 66 {
		step--
	}
	if math.Abs(latitude) > 80 {
		step--
	}
	return uint(min(max(step, 1), geoSteps))
}

// box is the rectangle around a circle of radius m around p: its southwestern and northeastern corner, which may lie
// beyond the edge of the map.
func box(p place, radius float64) (low, high place) {
	tall := radius / earthRadius / radian
	pole := tall // the rows of the circle that are nearer to a pole are narrower
	if p.latitude < 0 {
		pole = -tall
	}
	wide := radius / earthRadius / exact.Cos((p.latitude+pole)*radian) / radian
	return place{p.longitude - wide, p.latitude - tall}, place{p.longitude + wide, p.latitude + tall}
}

// around returns the cells that a circle of radius m around p may reach into: its own, those to the north, south, east,
// west, northeast, northwest, southeast and southwest, as far as they are needed. Redis: geohashGetAreasByRadius, as it
// is since 6.2; what 4.0 has misses places near the edge of the map.
func around(p place, radius float64) (cells []cell) {
	step := halvings(radius, p.latitude)
	own := cellOf(p, maxLatitude, step)
	least, most := box(p, radius)
	_, north := own.beside(0, 1).edges()
	south, _ := own.beside(0, -1).edges()
	_, east := own.beside(1, 0).edges()
	west, _ := own.beside(-1, 0).edges()
	tooSmall := north.latitude < most.latitude || south.latitude > least.latitude ||
		east.longitude < most.longitude || west.longitude > least.longitude
	if step > 1 && tooSmall {
		step--
		own = cellOf(p, maxLatitude, step)
	}
	low, high := own.edges()
	needed := func(east, north int) bool {
		return step < 2 || // so few cells that each neighbour may be one on the other side as well
			!(north < 0 && low.latitude < least.latitude) && !(north > 0 && high.latitude > most.latitude) &&
				!(east < 0 && low.longitude < least.longitude) && !(east > 0 && high.longitude > most.longitude)
	}
	for _, n := range [...][2]int{{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}} {
		if east, north := n[0], n[1]; needed(east, north) {
			cells = append(cells, own.beside(east, north))
		}
	}
	return cells
}
