// Package sweep plays scenarios with many seeds in the simulation, on all cores, and adds up what the checkers say.
package sweep
