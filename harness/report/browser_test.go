package report_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/report"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/corpus"
)

// start starts a Chromium without a network. It is the reader of the report, so the page is judged by what it does
// there.
func start(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium is installed: apt-get install chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.WindowSize(1280, 900))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "the browser starts")
	return ctx
}

// One browser serves all of these, because its start takes longer than they do.
func TestInABrowser(t *testing.T) {
	browser := start(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, context.Context)
	}{
		{"a person finds out what happened", aPersonFindsOut},
		{"hostile strings are shown and not run", hostileStrings},
		{"an interrupted run says so", interruptedRun},
		{"sixty thousand operations are drawn, not built", sixtyThousand},
		{"dark and light differ", darkAndLight},
		{"porcupine's page opens offline with the faults", porcupinesPage},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, browser) })
	}
}

// tab is a page in the browser and what it did beside showing itself.
type tab struct {
	t        *testing.T
	ctx      context.Context
	mu       sync.Mutex
	requests []string
	errors   []string
}

// open shows the file at path in a tab of its own.
func open(t *testing.T, browser context.Context, path string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx))
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, p.heard))
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate((&url.URL{Scheme: "file", Path: path}).String())))
	return p
}

func (p *tab) heard(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		p.errors = append(p.errors, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			p.errors = append(p.errors, "the page wrote an error to the console")
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			p.errors = append(p.errors, e.Entry.Text)
		}
	}
}

// quiet demands that the page asked for nothing but itself and met no error.
func (p *tab) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(p.t, p.errors)
	require.NotEmpty(p.t, p.requests, "requests are seen at all")
	for _, r := range p.requests {
		require.True(p.t, strings.HasPrefix(r, "file://") || strings.HasPrefix(r, "data:"), "the page asked for %s", r)
	}
}

func (p *tab) text(expression string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression))
	require.NoError(p.t, err, expression)
	return text
}

func (p *tab) number(expression string) int {
	p.t.Helper()
	n, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](expression))
	require.NoError(p.t, err, expression)
	return n
}

// do runs a statement in the page and waits until what it changed is drawn.
func (p *tab) do(statement string) {
	p.t.Helper()
	const drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[int]("{"+statement+"}"+drawn, func(e *runtime.EvaluateParams) {
		yes := true
		e.AwaitPromise = &yes
	}))
	require.NoError(p.t, err, statement)
}

func (p *tab) rangeShown() string { return p.text(`document.getElementById("range").textContent`) }
func (p *tab) countShown() string { return p.text(`document.getElementById("count").textContent`) }

// mouse sends an event at a place of the element called id.
func (p *tab) mouse(id string, steps ...func(x, y float64) chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.do(`document.getElementById("` + id + `").scrollIntoView({block: "center"})`)
	x, y := p.number(`Math.round(document.getElementById("`+id+`").getBoundingClientRect().left)`), p.number(`Math.round(document.getElementById("`+id+`").getBoundingClientRect().top)`)
	for _, step := range steps {
		require.NoError(p.t, chromedp.Do(p.ctx, step(float64(x), float64(y))))
	}
	p.do("")
}

// colours is how many different colours the canvas called id has, which an empty one has one of.
func (p *tab) colours(id string) int {
	p.t.Helper()
	return p.number(`(() => {
		const from = document.getElementById("` + id + `"), copy = document.createElement("canvas"); // reading the page's own would slow it down
		copy.width = from.width;
		copy.height = from.height;
		const c = copy.getContext("2d", {willReadFrequently: true});
		c.drawImage(from, 0, 0);
		return new Set(new Uint32Array(c.getImageData(0, 0, copy.width, copy.height).data.buffer)).size;
	})()`)
}

// write writes a report and returns where it is.
func write(t *testing.T, h *histories.History, verdicts checkers.Verdicts, opts report.Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, h, verdicts, opts))
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

func aPersonFindsOut(t *testing.T, browser context.Context) {
	h, verdicts := report.Synthetic(3000)
	h.Replay = "ordeal run synthetic -seed 7 -world live"
	verdicts = append(verdicts, checkers.Verdict{Checker: "read-only", Result: checkers.Invalid, Why: "a replica wrote",
		Evidence: []checkers.Count{{Name: "writes at replicas", N: 12}},
		Findings: []checkers.Finding{{Time: h.Ops[1500].Invoked, Machine: "r1", Text: "acknowledged a write", Ops: []int{1500}}},
		Allowed:  []checkers.Finding{{Time: h.Ops[20].Invoked, Text: "within the promise", Ops: []int{20}}}})
	p := open(t, browser, write(t, h, verdicts, report.Options{Page: "porcupine.html", Took: 1234 * time.Millisecond}))

	require.Equal(t, "invalid Broken: read-only.", p.text(`document.getElementById("result").textContent`))
	require.Equal(t, 2, p.number(`document.querySelectorAll("#verdicts article").length`))
	require.Contains(t, p.text(`document.querySelector("#verdicts article:nth-of-type(2)").textContent`), "12 writes at replicas")
	require.Equal(t, h.Replay, p.text(`document.getElementById("replay").textContent`))
	require.Equal(t, "porcupine.html", p.text(`document.getElementById("porcupine").getAttribute("href")`))
	require.Contains(t, p.text(`document.querySelector(".facts").textContent`), "1.234 s of real time")
	require.Zero(t, p.number(`document.querySelectorAll("#incomplete").length`))
	for _, id := range []string{"overview", "lanes", "curves"} {
		require.Greater(t, p.colours(id), 5, "%s is drawn", id)
	}
	p.quiet()

	t.Run("a finding takes the timeline to its time", func(t *testing.T) {
		whole := p.rangeShown()
		require.Contains(t, whole, "0.000 – ")
		p.do(`document.querySelector("button.finding").click()`)
		from, to := p.number(`Math.round(1000 * document.getElementById("range").textContent.split(" ")[0])`), p.number(`Math.round(1000 * document.getElementById("range").textContent.split(" ")[2])`)
		require.NotEqual(t, whole, p.rangeShown())
		at := int(h.Ops[1500].Invoked.Milliseconds())
		require.Less(t, from, at)
		require.Greater(t, to, at)
		p.do(`document.getElementById("reset").click()`)
		require.Equal(t, whole, p.rangeShown())
	})
	t.Run("filters leave fewer operations", func(t *testing.T) {
		require.Equal(t, "3,000 of 3,000 operations in view", p.countShown())
		writes := 0
		for _, op := range h.Ops {
			if op.Func == histories.FuncWrite {
				writes++
			}
		}
		p.do(`document.getElementById("reads").click()`)
		require.Equal(t, writes, p.number(`Number(document.getElementById("count").textContent.split(" ")[0].replace(",", ""))`))
		p.do(`document.getElementById("blamed").click()`)
		blamed := 0
		for _, i := range []int{20, 1500} {
			if h.Ops[i].Func == histories.FuncWrite {
				blamed++
			}
		}
		require.Equal(t, blamed, p.number(`Number(document.getElementById("count").textContent.split(" ")[0])`))
		p.do(`document.getElementById("reads").click(); document.getElementById("blamed").click();
			const key = document.getElementById("key"); key.value = [...key.options].find(o => o.text === "k3").value; key.dispatchEvent(new Event("input", {bubbles: true}))`)
		k3 := 0
		for _, op := range h.Ops {
			if op.Key == "k3" {
				k3++
			}
		}
		require.Equal(t, k3, p.number(`Number(document.getElementById("count").textContent.split(" ")[0])`))
		p.do(`const key = document.getElementById("key"); key.value = ""; key.dispatchEvent(new Event("input", {bubbles: true}))`)
	})
	t.Run("buttons, keys, wheel and drags zoom and move", func(t *testing.T) {
		seen := map[string]bool{p.rangeShown(): true}
		changes := func(how string) {
			t.Helper()
			now := p.rangeShown()
			require.False(t, seen[now], "%s shows %s, which was shown before", how, now)
			seen[now] = true
		}
		p.do(`document.getElementById("in").click()`)
		changes("the button in")
		p.do(`document.getElementById("right").click()`)
		changes("the button right")
		for _, key := range []string{"+", "ArrowLeft", "+"} {
			p.do(`document.getElementById("lanes").dispatchEvent(new KeyboardEvent("keydown", {key: "` + key + `"}))`)
			changes("key " + key)
		}
		p.do(`document.getElementById("lanes").dispatchEvent(new WheelEvent("wheel", {deltaY: -200, ctrlKey: true, cancelable: true}))`)
		changes("the wheel")
		dragged := func(y float64) []func(x, top float64) chromedp.Action[chromedp.Void] {
			at := func(kind func(x, y float64) chromedp.Action[chromedp.Void], dx float64) func(x, top float64) chromedp.Action[chromedp.Void] {
				return func(x, top float64) chromedp.Action[chromedp.Void] { return kind(x+dx, top+y) }
			}
			return []func(x, top float64) chromedp.Action[chromedp.Void]{at(press, 400), at(drag, 450), at(drag, 500), at(release, 500)}
		}
		p.mouse("lanes", dragged(10)...)
		changes("a drag on the axis")
		p.mouse("lanes", dragged(200)...)
		changes("a drag on the lanes")
		p.do(`document.getElementById("reset").click()`)
		p.quiet()
	})
	t.Run("an operation under the pointer is told, and kept by a click", func(t *testing.T) {
		p.do(`location.hash = "#t=1.500000-1.530000"`)
		require.Equal(t, "1.500000 – 1.530000 s", p.rangeShown())
		found := false
		for y := 130.0; y < 400 && !found; y += 9 { // somewhere there is one
			p.mouse("lanes", func(x, top float64) chromedp.Action[chromedp.Void] { return move(x+600, top+y) })
			text := p.text(`document.getElementById("tip").textContent`)
			found = strings.Contains(text, " at m1") && strings.Contains(text, " ms")
			if found {
				p.mouse("lanes", func(x, top float64) chromedp.Action[chromedp.Void] { return chromedp.MouseClickXY(x+600, top+y) })
				require.Equal(t, "tip kept", p.text(`document.getElementById("tip").className`))
				p.do(`document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"}))`)
				require.Equal(t, 1, p.number(`document.getElementById("tip").hidden ? 1 : 0`))
			}
		}
		require.True(t, found, "no operation was told")
		p.do(`document.getElementById("reset").click()`)
	})
	t.Run("log lines are filtered, few are in the document, and lead to their time", func(t *testing.T) {
		require.Equal(t, "302 of 302 lines", p.text(`document.getElementById("logCount").textContent`), "300 lines and a fault's two ends")
		require.Less(t, p.number(`document.querySelectorAll("#logLines li").length`), 60)
		p.do(`const text = document.getElementById("logText"); text.value = "LINE 15"; text.dispatchEvent(new Event("input", {bubbles: true}))`)
		require.Equal(t, "11 of 302 lines", p.text(`document.getElementById("logCount").textContent`), "line 150, 1500, 1510, …, 1590")
		whole := p.rangeShown()
		p.do(`document.querySelectorAll("#logLines li")[3].click()`)
		require.NotEqual(t, whole, p.rangeShown())
		p.do(`document.getElementById("logRange").click()`)
		require.Equal(t, "10 of 302 lines", p.text(`document.getElementById("logCount").textContent`))
	})
	p.quiet()
}

func press(x, y float64) chromedp.Action[chromedp.Void] {
	return chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.Button("left"), chromedp.ClickCount(1))
}

func drag(x, y float64) chromedp.Action[chromedp.Void] {
	return chromedp.MouseEvent(chromedp.MouseMoved, x, y, chromedp.Button("left"))
}

func move(x, y float64) chromedp.Action[chromedp.Void] {
	return chromedp.MouseEvent(chromedp.MouseMoved, x, y)
}

func release(x, y float64) chromedp.Action[chromedp.Void] {
	return chromedp.MouseEvent(chromedp.MouseReleased, x, y, chromedp.Button("left"), chromedp.ClickCount(1))
}

// What a server sends, and what a file that somebody passed on says, is shown and never run.
func hostileStrings(t *testing.T, browser context.Context) {
	hostile := `</script><img src=x onerror="window.broken=1"><script>window.broken=1</script>{{.}}`
	h := &histories.History{Header: histories.Header{Scenario: hostile, Why: hostile, World: hostile, Plan: hostile, Replay: hostile, Build: hostile,
		Machines: []histories.Machine{{Name: hostile, Kind: "server", Addr: hostile}, {Name: "c1", Kind: "client", Addr: hostile}}},
		Ops: []histories.Operation{{Process: "c1", Func: "write", Key: hostile, Arg: histories.Text(hostile), Node: hostile, Invoked: 0, Returned: time.Second, Outcome: histories.Fail, Error: hostile},
			{Process: hostile, Func: "read", Key: hostile, Result: histories.Text(hostile), Node: hostile, Invoked: 0, Returned: time.Second, Outcome: histories.OK}},
		Faults: []histories.Fault{{ID: 1, Text: hostile, Asked: hostile, Targets: []string{hostile}, Start: 0, Stop: time.Second}},
		Notes: []histories.Note{{Machine: hostile, Kind: "state", Role: "slave", Peer: hostile, ReplID: hostile}, {Machine: hostile, Kind: "down", Text: hostile},
			{Machine: "o1", Kind: "stage", Text: hostile}},
		Logs:   []histories.LogLine{{Time: 1, Machine: hostile, Text: hostile}},
		Footer: histories.Footer{End: time.Second, Trace: hostile}, Complete: true}
	verdicts := checkers.Verdicts{{Checker: hostile, Result: checkers.Invalid, Why: hostile, Evidence: []checkers.Count{{Name: hostile, N: 1}},
		Findings: []checkers.Finding{{Time: time.Second, Machine: hostile, Text: hostile, Ops: []int{0}}}}}
	p := open(t, browser, write(t, h, verdicts, report.Options{Page: "javascript:window.broken=1"}))

	p.do(`document.querySelector("button.finding").click()`)
	for y := 10.0; y < 150; y += 20 { // every box under the pointer
		p.mouse("lanes", func(x, top float64) chromedp.Action[chromedp.Void] { return move(x+640, top+y) })
		require.NotContains(t, p.text(`document.getElementById("tip").innerHTML`), "<img")
	}
	p.do(`document.getElementById("porcupine").click()`)
	require.Equal(t, "undefined", p.text(`typeof window.broken`))
	require.Zero(t, p.number(`document.images.length`))
	require.Equal(t, 2, p.number(`document.scripts.length`), "the data and the page's own")
	require.Equal(t, hostile, p.text(`document.querySelector("h1").textContent`))
	require.Contains(t, p.text(`document.getElementById("logLines").textContent`), hostile)
	require.Equal(t, hostile, p.text(`document.getElementById("replay").textContent`))
	p.quiet()
}

func interruptedRun(t *testing.T, browser context.Context) {
	h, verdicts := report.Synthetic(50)
	h.Complete, h.Footer = false, histories.Footer{}
	p := open(t, browser, write(t, h, verdicts, report.Options{}))
	require.Contains(t, p.text(`document.getElementById("incomplete").textContent`), "no end")
	require.Zero(t, p.number(`document.querySelectorAll("#porcupine").length`))
	p.quiet()
}

// The number of elements does not grow with the number of operations, nor does the page overflow its width.
func sixtyThousand(t *testing.T, browser context.Context) {
	h, verdicts := report.Synthetic(60_000)
	p := open(t, browser, write(t, h, verdicts, report.Options{}))
	require.Equal(t, "60,000 of 60,000 operations in view", p.countShown())
	require.Less(t, p.number(`document.querySelectorAll("*").length`), 1000)
	require.Greater(t, p.colours("lanes"), 5)
	for _, width := range []int64{1280, 800} {
		require.NoError(t, chromedp.Do(p.ctx, chromedp.EmulateViewport(width, 900)))
		p.do("")
		require.LessOrEqual(t, p.number(`document.documentElement.scrollWidth`), int(width))
	}
	for range 12 {
		p.do(`document.getElementById("in").click()`)
	}
	require.Greater(t, p.colours("lanes"), 5, "close up too")
	p.quiet()
}

// The drawings take their colours anew when the reader's scheme changes.
func darkAndLight(t *testing.T, browser context.Context) {
	h, verdicts := report.Synthetic(500)
	p := open(t, browser, write(t, h, verdicts, report.Options{}))
	scheme := func(name string) string {
		require.NoError(t, chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
			return err
		})))
		p.do("")
		return p.text(`getComputedStyle(document.body).backgroundColor + document.getElementById("lanes").toDataURL()`)
	}
	light, dark := scheme("light"), scheme("dark")
	lightPaper, lightLanes, _ := strings.Cut(light, "data:")
	darkPaper, darkLanes, _ := strings.Cut(dark, "data:")
	require.NotEqual(t, lightPaper, darkPaper)
	require.NotEqual(t, lightLanes, darkLanes)
}

// Porcupine's page, which stands beside the report, opens without a network too, and shows the faults.
func porcupinesPage(t *testing.T, browser context.Context) {
	h, err := corpus.Open("linearizable-bad-old-value")
	require.NoError(t, err)
	h.Faults = append(h.Faults, histories.Fault{ID: 1, Text: "cut m1 | r1", Asked: "cut master | replicas", Start: 0, Stop: histories.Forever})
	path := filepath.Join(t.TempDir(), "porcupine.html")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, checkers.Linearizable{}.WritePage(f, h))
	require.NoError(t, f.Close())
	p := open(t, browser, path)
	drawn := p.text(`[...document.querySelectorAll("svg text")].map(e => e.textContent).join("\n")`)
	require.Contains(t, drawn, "cut m1 | r1")
	require.Contains(t, drawn, "nemesis")
	require.Positive(t, p.number(`document.querySelectorAll(".history-rect").length`))
	p.quiet()
}
