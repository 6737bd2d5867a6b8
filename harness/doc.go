// Package harness runs a scenario in a world and judges what happened: the flow is on one page in run.go.
package harness
