// The page: buttons, filters, findings, and the first drawing.

const element = id => document.getElementById(id);

function press(id, act) { element(id).addEventListener("click", act); }
press("in", () => zoom(0.5));
press("out", () => zoom(2));
press("left", () => pan(-0.4));
press("right", () => pan(0.4));
press("reset", () => { view.moment = NaN; view.focus = new Set(); hideTip(); lookAtAll(); });

// Filters of operations.
const numeric = (a, b) => data.texts[a].localeCompare(data.texts[b], "en", { numeric: true });
offer(element("key"), [...new Set(ops.key)].sort(numeric));
offer(element("process"), [...new Set(ops.process)].sort(numeric));
element("filters").addEventListener("submit", e => e.preventDefault());
element("filters").addEventListener("input", () => {
  const chosen = id => element(id).value === "" ? -1 : Number(element(id).value);
  filter.key = chosen("key");
  filter.process = chosen("process");
  for (const name of ["ok", "fail", "info", "reads", "writes", "blamed"]) filter[name] = element(name).checked;
  if (element("text").value.toLowerCase() !== filter.text) search(element("text").value);
  changed();
});
element("blamedLabel").hidden = !data.bad.length && !data.allowed.length;

listeners.push(() => {
  const step = (view.to - view.from) / 1000;
  element("range").textContent = seconds(Math.max(0, view.from), step) + " – " + seconds(Math.min(data.end, view.to), step) + " s";
  element("count").textContent = inView().toLocaleString("en") + " of " + ops.count.toLocaleString("en") + " operations in view";
});

// A finding, or a moment of the story, takes the timeline and the logs to its time.
document.addEventListener("click", e => {
  const button = e.target.closest("button[data-t]");
  if (!button) return;
  document.querySelectorAll("button.on").forEach(b => b.classList.remove("on"));
  button.classList.add("on");
  const about = (button.dataset.ops || "").split(" ").filter(Boolean).map(Number).filter(i => i < ops.count);
  hideTip();
  goTo(Number(button.dataset.t), about);
  showLogs(Number(button.dataset.t));
  element("timeline").scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
});

document.addEventListener("keydown", e => { if (e.key === "Escape") { hideTip(); changed(); } });
document.addEventListener("pointerdown", e => { if (kept && e.target !== canvas && !tip.contains(e.target)) hideTip(); });
addEventListener("scroll", () => { if (!tip.hidden) hideTip(); }, { passive: true });

// Copying needs no permission when it starts with a click; where the clipboard is out of reach, the text is selected.
const copy = element("copy");
if (copy) copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(element("replay").textContent);
    copy.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(element("replay"));
    copy.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl+C";
  }
  setTimeout(() => { copy.textContent = "Copy"; }, 2000);
});

new ResizeObserver(changed).observe(canvas);
new ResizeObserver(changed).observe(log);
filterLogs();

// The address says what is in view, so that it can be passed on: report.html#t=8.140-11.040
function lookAtAddress() {
  const asked = /^#t=([\d.]+)-([\d.]+)$/.exec(location.hash);
  if (asked) look(asked[1] * 1e6, asked[2] * 1e6);
  return !!asked;
}
let noted = 0;
listeners.push(() => {
  clearTimeout(noted);
  noted = setTimeout(() => {
    const all = view.from <= 0 && view.to >= data.end;
    if (all ? !location.hash.startsWith("#t=") : false) return; // the parts of the page have addresses too
    history.replaceState(null, "", all ? "#" : "#t=" + (Math.max(0, view.from) / 1e6).toFixed(6) + "-" + (view.to / 1e6).toFixed(6));
  }, 400);
});
addEventListener("hashchange", lookAtAddress);
if (!lookAtAddress()) lookAtAll();
