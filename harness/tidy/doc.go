// Package tidy holds tests about the code itself: which package may import which, and what a core may not do.
package tidy
