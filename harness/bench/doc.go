// Package bench measures what the project promises about speed, as ratios taken in one run: machines differ, and the
// same machine differs from minute to minute. It has benchmarks only; no test fails because a machine was slow.
package bench
