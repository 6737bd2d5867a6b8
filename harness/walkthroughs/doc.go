// Package walkthroughs holds two conversations with servers that replicate, as an operator would have them: what is typed,
// what is answered, what INFO shows and what each server logs. They are the files of testdata; a test plays each of them
// in the simulation and on processes of ordeal-node, and compares them line by line.
package walkthroughs
