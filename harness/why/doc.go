// Package why finds out what made a run break a property: when there was no way back, what of the scenario was needed for
// it, and what little would have saved it.
//
// It knows nothing of the system but what the system says of itself. All that it learns it learns by playing the run again in
// the simulation, with something changed:
//
//   - other chances from a moment on (branches): how many of them break the property is the probability that the run was lost
//     by then, and the moment at which it jumps is the point of no return;
//   - without one of its faults, or with a fault that ends sooner, or with another setting, and branched off where that
//     would have made the first difference.
//
// A probability is a share of so many branches, with the interval that Wilson's formula gives for 95 %.
package why
