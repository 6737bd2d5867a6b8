// Package runs lets runs take place in the live world, which itself knows nothing of what is played in it.
package runs
