// What all drawings share: colours, the axis, text, and the box that tells what is under the pointer.

const SERIES = 6;
let ink = {}; // colours by name, from the style sheet

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "card", "ink", "soft", "faint", "line", "accent", "write", "read", "fail", "info", "fault", "bad", "allowed",
    "master", "replica", "unlinked", "unlinked-line", "down", "up", "on-master", "on-strip", "invalid"];
  ink = {};
  for (const name of names) ink[name] = style.getPropertyValue("--" + name).trim();
  ink.series = [];
  for (let i = 1; i <= SERIES; i++) ink.series.push(style.getPropertyValue("--series-" + i).trim());
}
readColours();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); changed(); });

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif', BOLD = "600 " + FONT;

// seriesColour is a server's own colour, wherever it is drawn.
const serverNumber = new Map(data.offsets.map((s, i) => [s.name, i]));
function seriesColour(name) {
  return serverNumber.has(name) ? ink.series[serverNumber.get(name) % SERIES] : ink.faint;
}

// seconds writes microseconds as the rest of the page does: 8.140. Finer steps get more digits.
function seconds(t, step) {
  return (t / 1e6).toFixed(step !== undefined && step < 1000 ? 6 : 3);
}

// prepare sizes a canvas for the screen's pixels and clears it.
function prepare(canvas, height) {
  const width = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.height = height + "px";
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.font = FONT;
  c.textBaseline = "middle";
  return c;
}

// scale maps the stretch in view to the drawing right of the gutter, in which names stand.
function scale(width) {
  const left = width < 700 ? 62 : 84, span = view.to - view.from, k = (width - left - 8) / span;
  return { left, right: width - 8, width, k, x: t => left + (t - view.from) * k, t: x => view.from + (x - left) / k };
}

// ticks are the round times in view, about one for each 110 px.
function ticks(s) {
  const least = 110 / s.k, power = Math.pow(10, Math.floor(Math.log10(least)));
  const step = [1, 2, 5, 10].map(n => n * power).find(n => n >= least);
  const all = [];
  for (let n = Math.ceil(view.from / step); n * step <= view.to; n++) all.push(n * step);
  return { step, all };
}

// axis draws lines and times; without labels it draws the lines only.
function axis(c, s, top, bottom, labels) {
  const t = ticks(s);
  c.strokeStyle = ink.line;
  c.lineWidth = 1;
  c.beginPath();
  for (const at of t.all) { const x = Math.round(s.x(at)) + 0.5; c.moveTo(x, top); c.lineTo(x, bottom); }
  c.stroke();
  if (!labels) return;
  c.fillStyle = ink.soft;
  c.textAlign = "left";
  for (const at of t.all) {
    const x = s.x(at) + 4, text = seconds(at, t.step) + " s";
    if (x + c.measureText(text).width < s.right) c.fillText(text, x, top + 9);
  }
}

// fit shortens text to a width; "" if nothing of use is left.
function fit(c, text, width) {
  if (width < 14) return "";
  if (c.measureText(text).width <= width) return text;
  let n = Math.min(text.length, Math.floor(width / 4));
  while (n > 0 && c.measureText(text.slice(0, n) + "…").width > width) n--;
  return n > 1 ? text.slice(0, n) + "…" : "";
}

// momentLine is the moment that a click or a finding chose.
function momentLine(c, s, top, bottom) {
  if (!(view.moment >= view.from && view.moment <= view.to)) return;
  const x = Math.round(s.x(view.moment)) + 0.5;
  c.strokeStyle = ink.accent;
  c.lineWidth = 1.5;
  c.beginPath();
  c.moveTo(x, top);
  c.lineTo(x, bottom);
  c.stroke();
}

function clip(c, s, top, bottom, draw) {
  c.save();
  c.beginPath();
  c.rect(s.left, top, s.right - s.left, bottom - top);
  c.clip();
  draw();
  c.restore();
}

// The box under the pointer. Its parts are text, never markup: values and log lines are whatever a server sent.
const tip = document.getElementById("tip");
let kept = false; // a click keeps it open

function showTip(parts, x, y) {
  if (!parts.length) { hideTip(); return; }
  tip.replaceChildren(...parts.map(part => {
    if (part === "-") return document.createElement("hr");
    const line = document.createElement(part.bold ? "b" : "div");
    if (part.soft) line.className = "soft";
    line.textContent = part.text;
    return line;
  }));
  tip.hidden = false;
  tip.classList.toggle("kept", kept);
  const box = tip.getBoundingClientRect();
  let left = x + 14, top = y + 16;
  if (left + box.width > innerWidth - 8) left = Math.max(8, x - box.width - 14);
  if (top + box.height > innerHeight - 8) top = Math.max(8, y - box.height - 12);
  tip.style.left = left + "px";
  tip.style.top = top + "px";
}

function hideTip() { kept = false; tip.hidden = true; }
