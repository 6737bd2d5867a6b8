// Package report shows a person what happened in a run.
package report
