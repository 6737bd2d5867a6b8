// Package replication holds masters and replicas to what they owe each other and their clients: that they resynchronize
// where they may and nowhere else, keep in touch, have equal data at equal places, refuse what they must, save what they
// are to save, and become one cluster again.
package replication
