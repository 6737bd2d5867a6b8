// Package mutants plants bugs: each is a patch to the servers' code, applied while a program is built and never on
// disk, so that nothing of it is in the product. A checker that finds none of them proves nothing.
package mutants
