package harness_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/nemesis"
)

// What the world cannot do is said wherever the result is.
func TestFaultsThatWereNotDoneAreSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schedule []string
		says     string // "" nothing
		none     bool
		first    string // word of the first that was not done
	}{
		{[]string{"at 1s cut m1 | r1 for 1s", "at 3s heal"}, "", false, ""},
		{[]string{"at 1s cut m1 | r1 for 1s", "at 2s run-as r1 program=redis-server for 1s", "at 4s heal"}, "1 of 2 faults could not be done here", false, "run-as"},
		{[]string{"at 1s run-as m1 program=redis-server", "at 2s run-as r1 program=redis-server", "at 3s heal"}, "2 of 2 faults could not be done here", true, "run-as"},
		{[]string{"when promoted kill m1 for 1s", "at 2s cut m1 | r1 for 1s"}, "1 of 2 faults could not be done here", false, "when promoted"},
	} {
		var schedule nemesis.Schedule
		for _, line := range c.schedule {
			step, err := nemesis.ParseStep(line)
			require.NoError(t, err)
			schedule = append(schedule, step)
		}
		dir := t.TempDir()
		res, err := harness.Run(t.Context(), harness.Scenario{
			Name: "not-done", System: redis.System{Cluster: redis.Spec{Replicas: 1}}, Workload: workload.Spec{Clients: 1, Rate: 10, Mix: []workload.Work{{Keys: 1}}},
			Duration: 5 * time.Second, Faults: schedule, Checks: []string{"convergence"},
		}, harness.Options{Seed: 1, Out: dir})
		require.NoError(t, err)
		require.Equal(t, c.none, res.NotDone.All())
		kept, err := histories.ReadFile(filepath.Join(dir, harness.HistoryFile))
		require.NoError(t, err)
		require.Equal(t, res.NotDone, kept.NotDone())
		page, err := os.ReadFile(filepath.Join(dir, harness.ReportFile))
		require.NoError(t, err)
		verdicts, err := os.ReadFile(filepath.Join(dir, harness.VerdictsFile))
		require.NoError(t, err)
		var saved struct {
			NotDone *histories.NotDone `json:"not_done"`
		}
		require.NoError(t, json.Unmarshal(verdicts, &saved))
		require.Equal(t, res.NotDone, saved.NotDone)
		if c.says == "" {
			require.Nil(t, res.NotDone)
			require.NotContains(t, string(page), "could not be done")
			continue
		}
		require.Contains(t, res.String(), c.says+":\n  "+c.first+" ")
		require.Contains(t, string(page), c.says)
	}
}
