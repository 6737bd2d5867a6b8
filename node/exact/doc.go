// Package exact is the functions of the library whose last bit differs between processors, the same on all of them and
// rounded once: powers and logarithms (power.go), and functions of angles (angle.go). They are what C's hardly ever
// differ from. What has no result is a NaN of no particular sign.
package exact
