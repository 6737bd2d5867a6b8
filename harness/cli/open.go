package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
)

func (p *program) openCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "open [DIR]",
		Short: "open the report of a kept run in the browser",
		Long: "Opens the report of the run kept in DIR, or of the last one in runs, in the browser. Where there is none, it prints\n" +
			"the report's path.",
		Example:           "  ordeal open runs/chain-sim-1",
		Args:              arguments(0, 1, "DIR"),
		ValidArgsFunction: completeRun,
		RunE: p.does(func(_ context.Context, args []string) (int, error) {
			page, err := pageToOpen(args)
			if err != nil {
				return 0, err
			}
			fmt.Fprintln(p.out, page)
			if browser := browserCommand(page); browser != nil {
				if err := browser.Start(); err != nil {
					fmt.Fprintf(p.err, "ordeal open: no browser could be started: %v\n", err)
				}
			}
			return exitValid, nil
		}),
	}
}

// pageToOpen is the report that args name, or that of the last run.
func pageToOpen(args []string) (string, error) {
	if len(args) == 0 {
		var last string
		var when int64
		for _, dir := range keptRuns() {
			info, err := os.Stat(filepath.Join(dir, harness.ReportFile))
			if err == nil && info.ModTime().UnixNano() > when {
				last, when = filepath.Join(dir, harness.ReportFile), info.ModTime().UnixNano()
			}
		}
		if last == "" {
			return "", fmt.Errorf("no run is kept in runs: make one with ordeal run, or say in which folder it is")
		}
		return last, nil
	}
	page := args[0]
	info, err := os.Stat(page)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		for _, name := range []string{harness.ReportFile, comparePage} {
			if _, err := os.Stat(filepath.Join(page, name)); err == nil {
				return filepath.Join(page, name), nil
			}
		}
		return "", fmt.Errorf("%s has no report: write it with ordeal report %s", page, page)
	}
	return page, nil
}

// browserCommand starts the browser of whoever sits before this computer; nil: nobody does, or there is none.
func browserCommand(page string) *exec.Cmd {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", page)
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", page)
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return nil
	}
	for _, name := range []string{os.Getenv("BROWSER"), "xdg-open"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return exec.Command(path, page)
		}
	}
	return nil
}
