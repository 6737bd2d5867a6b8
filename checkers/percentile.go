package checkers

import (
	"math/bits"
	"slices"
	"time"
)

// Percentile is the p-th percentile of times, nearest rank. It moves them around, and looks for no more order than it
// needs.
func Percentile(times []time.Duration, p int) time.Duration {
	return ranked(times, max(0, (len(times)*p+99)/100-1))
}

// ranked is the time that would be number k, from 0, if times were sorted. Each round leaves those on one side of a
// pivot; should luck fail, as many rounds as a sort has levels are enough of that.
func ranked(times []time.Duration, k int) time.Duration {
	for rounds := 2 * bits.Len(uint(len(times))); len(times) > 16 && rounds > 0; rounds-- {
		less, same := partition(times, middle(times[0], times[len(times)/2], times[len(times)-1]))
		switch {
		case k < less:
			times = times[:less]
		case k < less+same:
			return times[less]
		default:
			times, k = times[less+same:], k-less-same
		}
	}
	slices.Sort(times)
	return times[k]
}

// partition puts the times below the pivot first and those above it last, and says how many are below and the same.
func partition(times []time.Duration, pivot time.Duration) (less, same int) {
	above := len(times)
	for i := 0; i < above; {
		switch t := times[i]; {
		case t < pivot:
			times[i], times[less] = times[less], t
			less++
			i++
		case t > pivot:
			above--
			times[i], times[above] = times[above], t
		default:
			i++
		}
	}
	return less, above - less
}

func middle(a, b, c time.Duration) time.Duration { return max(min(a, b), min(max(a, b), c)) }

// Millis is a time as a figure.
func Millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
