// Package models has the sequential specifications that concurrent histories are held against, as porcupine takes them.
//
// A model says what one copy of the data does that handles one operation at a time. A history is linearizable if its
// operations can be put in an order that respects time (what returned before another was invoked comes first) and
// that the model allows.
//
// A model is a value ([Model]): a name, functions, which part of the state an operation touches, and a step. What becomes
// of an operation:
//
//   - ok: it takes effect at one moment between invocation and return, both included.
//   - fail: it did not happen, and is dropped.
//   - info, if it may write: it may take effect at any moment from its invocation on. It is open to the end of the
//     history; one that never takes effect is one that does so after the last read.
//   - info, if it only reads: it says nothing, and is dropped.
//
// Whether there is such an order says [Model.Judged]: by the model's fast judge where that is exact, else by search
// (search.go), which keeps all the ways in which what has returned so far can have happened. Every judge is held to
// porcupine, and to all orders tried, on many small histories (make judges).
package models
