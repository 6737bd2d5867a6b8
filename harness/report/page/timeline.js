// The timeline: axis and stages, faults, and a lane for each machine and process; and above it the whole run in small.

const canvas = document.getElementById("lanes"), overview = document.getElementById("overview");
const AXIS = 36, FAULT = 18;
const layout = { height: 0, rows: [], faults: AXIS };

// place gives each lane its y. Groups of lanes have some air between them.
function place() {
  let y = AXIS + faultRows * FAULT + (faultRows ? 6 : 0), kind = "";
  layout.rows = [];
  for (const lane of data.lanes) {
    if (kind && lane.kind !== kind) y += 8;
    kind = lane.kind;
    const height = lane.kind === "server" || lane.kind === "sentinel" ? TALL : LANE;
    layout.rows.push({ lane, y, height });
    y += height;
  }
  layout.height = Math.max(y + 6, AXIS + 40);
}
place();

function drawTimeline() {
  const c = prepare(canvas, layout.height), s = scale(canvas.clientWidth);
  axis(c, s, 0, layout.height, true);
  clip(c, s, 0, layout.height, () => {
    drawBands(c, s);
    drawFaults(c, s);
    for (const row of layout.rows) {
      if (row.height === TALL) drawMachine(c, s, row.lane, row.y); else drawOperations(c, s, row.lane, row.y);
    }
    drawStages(c, s);
    momentLine(c, s, 20, layout.height);
  });
  drawNames(c, s);
}

// drawBands draws every fault through all lanes, and once more on the machines that it touches.
function drawBands(c, s) {
  c.fillStyle = ink.fault;
  for (const f of data.faults) {
    if (f.stop < view.from || f.start > view.to) continue;
    const x = Math.max(s.x(f.start), s.left), width = Math.max(Math.min(s.x(f.stop), s.right) - x, 1);
    c.globalAlpha = 0.055;
    c.fillRect(x, AXIS, width, layout.height - AXIS);
    c.globalAlpha = 0.1;
    for (const row of layout.rows) if (f.targets.includes(row.lane.name)) c.fillRect(x, row.y, width, row.height);
    c.globalAlpha = 0.35;
    for (const t of [f.start, f.stop]) c.fillRect(s.x(t) - 0.5, AXIS, 1, layout.height - AXIS);
  }
  c.globalAlpha = 1;
}

function drawFaults(c, s) {
  c.textAlign = "left";
  data.faults.forEach((f, n) => {
    if (f.stop < view.from || f.start > view.to) return;
    const x = Math.max(s.x(f.start), s.left), end = Math.min(s.x(f.stop), s.right), y = AXIS + f.row * FAULT;
    c.fillStyle = ink.fault;
    c.globalAlpha = 0.28;
    c.fillRect(x, y + 2, Math.max(end - x, 2), FAULT - 4);
    c.globalAlpha = 1;
    c.fillRect(s.x(f.start) - 0.5, y + 2, 2, FAULT - 4);
    const next = data.faults.slice(n + 1).find(o => o.row === f.row); // a label may run on into free space
    const room = Math.min(next ? s.x(next.start) : s.right, s.right) - x - 8;
    c.fillStyle = ink.ink;
    c.fillText(fit(c, f.text + (f.healed ? "" : " (never healed)"), room), x + 5, y + FAULT / 2 + 0.5);
  });
}

// drawStages marks when the cluster as a whole was linked, formed, settled.
function drawStages(c, s) {
  c.textAlign = "left";
  let free = s.left;
  for (const stage of data.stages) {
    if (stage.t < view.from || stage.t > view.to) continue;
    const x = Math.round(s.x(stage.t)) + 0.5;
    c.strokeStyle = ink.soft;
    c.setLineDash([3, 3]);
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(x, 20);
    c.lineTo(x, layout.height);
    c.stroke();
    c.setLineDash([]);
    const width = c.measureText(stage.text).width;
    let at = x + 3;
    if (at + width > s.right) at = x - width - 4;
    if (at < free) continue; // the box under the pointer tells it
    free = at + width + 6;
    c.fillStyle = ink.ink;
    c.font = BOLD;
    c.fillText(stage.text, at, 27);
    c.font = FONT;
  }
}

function drawNames(c, s) {
  c.textAlign = "left";
  if (faultRows) { c.fillStyle = ink.fault; c.fillText("faults", 10, AXIS + FAULT / 2); }
  for (const row of layout.rows) {
    const middle = row.y + row.height / 2, server = row.lane.kind === "server";
    if (server) {
      c.fillStyle = seriesColour(row.lane.name);
      c.beginPath();
      c.arc(13, middle, 4, 0, 7);
      c.fill();
    }
    c.fillStyle = ink.ink;
    c.font = row.height === TALL ? BOLD : FONT;
    c.fillText(fit(c, row.lane.label, s.left - (server ? 26 : 14)), server ? 22 : 10, middle);
    c.fillStyle = ink.line;
    c.fillRect(0, row.y + row.height - 0.5, s.right, 0.5);
  }
  c.font = FONT;
}

// drawOverview draws the whole run: how many operations, in grey, and the failed of them; faults; what is in view.
let density = null;
function drawOverview() {
  const c = prepare(overview, 40), width = overview.clientWidth, x = t => t / data.end * (width - 2) + 1;
  if (!density || density.width !== width) density = countDensity(width);
  const tall = n => n ? 2 + 30 * n / density.most : 0;
  c.fillStyle = ink.fault;
  c.globalAlpha = 0.22;
  for (const f of data.faults) c.fillRect(x(f.start), 0, Math.max(x(f.stop) - x(f.start), 1), 40);
  c.globalAlpha = 1;
  for (let i = 0; i < density.all.length; i++) {
    const all = tall(density.all[i]);
    c.fillStyle = ink.faint;
    c.fillRect(i * 2, 40 - all, 2, all);
    if (density.poor[i]) {
      const poor = Math.max(2, all * density.poor[i] / density.all[i]);
      c.fillStyle = ink.fail;
      c.fillRect(i * 2, 40 - poor, 2, poor);
    }
  }
  c.fillStyle = ink.bad;
  for (const i of data.bad) c.fillRect(x(ops.start[i]) - 1, 0, 2, 5);
  const from = Math.max(x(view.from), 0), to = Math.min(x(view.to), width);
  c.fillStyle = ink.paper;
  c.globalAlpha = 0.6;
  c.fillRect(0, 0, from, 40);
  c.fillRect(to, 0, width - to, 40);
  c.globalAlpha = 1;
  c.strokeStyle = ink.accent;
  c.lineWidth = 2;
  c.strokeRect(from + 1, 1, Math.max(to - from - 2, 2), 38);
}

function countDensity(width) {
  const n = Math.max(1, Math.ceil(width / 2)), d = { width, all: new Float64Array(n), poor: new Float64Array(n), most: 1 };
  for (let i = 0; i < ops.count; i++) {
    const column = Math.min(n - 1, Math.floor(ops.start[i] / data.end * n));
    d.all[column]++;
    if (ops.kind[i] & (FAIL | INFO)) d.poor[column]++;
    d.most = Math.max(d.most, d.all[column]);
  }
  return d;
}

// tellAt is what is under a point of the timeline.
function tellAt(x, y) {
  const s = scale(canvas.clientWidth), t = s.t(x);
  if (x < s.left) return [];
  if (y < AXIS) {
    const near = data.stages.filter(g => Math.abs(g.t - t) * s.k <= 6);
    return [{ bold: true, text: seconds(t, 1) + " s" }, ...near.map(g => ({ text: seconds(g.t) + "  the cluster is " + g.text }))];
  }
  const row = layout.rows.find(r => y >= r.y && y < r.y + r.height);
  if (!row) {
    const faults = data.faults.filter(f => f.start - 4 / s.k <= t && t <= f.stop + 4 / s.k && y >= AXIS + f.row * FAULT && y < AXIS + (f.row + 1) * FAULT);
    return faults.flatMap(tellFault);
  }
  if (row.height === TALL) return tellMachine(s, row.lane, x);
  const found = operationsAt(s, row.lane, x, y - row.y);
  const ends = row.lane.marks.filter(m => Math.abs(m.t - t) * s.k <= 6).map(m => ({ text: seconds(m.t) + "  " + m.text }));
  return found.length ? tellOperations(found).concat(ends) : ends;
}

function tellFault(f) {
  const parts = [{ bold: true, text: "fault " + f.id + ": " + f.text }];
  if (f.asked) parts.push({ text: "asked for as: " + f.asked });
  parts.push({ soft: true, text: seconds(f.start) + " – " + (f.healed ? seconds(f.stop) + " s" : "the end of the run: never healed") });
  return parts;
}

// The pointer. On the axis a drag chooses what to zoom to; below it, it moves the timeline.
let drag = null;

canvas.addEventListener("pointerdown", e => {
  if (e.button !== 0) return;
  drag = { x: e.offsetX, from: view.from, to: view.to, zooms: e.offsetY < AXIS, moved: false };
  canvas.setPointerCapture(e.pointerId);
});

canvas.addEventListener("pointermove", e => {
  if (!drag) {
    canvas.style.cursor = e.offsetY < AXIS ? "col-resize" : "grab";
    if (!kept) showTip(tellAt(e.offsetX, e.offsetY), e.clientX, e.clientY);
    return;
  }
  if (Math.abs(e.offsetX - drag.x) > 3) drag.moved = true;
  if (!drag.moved) return;
  hideTip();
  if (drag.zooms) { drag.now = e.offsetX; changed(); return; }
  canvas.style.cursor = "grabbing";
  const s = scale(canvas.clientWidth), by = (drag.x - e.offsetX) / s.k;
  look(drag.from + by, drag.to + by);
});

canvas.addEventListener("pointerup", e => {
  const was = drag;
  drag = null;
  if (!was) return;
  const s = scale(canvas.clientWidth);
  if (was.moved) {
    if (was.zooms) look(s.t(Math.min(was.x, e.offsetX)), s.t(Math.max(was.x, e.offsetX)));
    return;
  }
  if (e.offsetX < s.left) return;
  view.moment = s.t(e.offsetX);
  kept = true;
  showTip(tellAt(e.offsetX, e.offsetY), e.clientX, e.clientY);
  changed();
});
canvas.addEventListener("pointercancel", () => { drag = null; });
canvas.addEventListener("pointerleave", () => { if (!kept && !drag) hideTip(); });
canvas.addEventListener("dblclick", e => { hideTip(); zoom(0.4, scale(canvas.clientWidth).t(e.offsetX)); });

canvas.addEventListener("wheel", e => {
  const s = scale(canvas.clientWidth);
  if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
    e.preventDefault();
    pan((e.deltaX || e.deltaY) / s.width);
  } else if (e.ctrlKey || e.metaKey || document.activeElement === canvas) { // else the page scrolls
    e.preventDefault();
    zoom(Math.exp(Math.max(-1, Math.min(1, e.deltaY / 300))), s.t(e.offsetX));
  }
}, { passive: false });

canvas.addEventListener("keydown", e => {
  const act = { ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: lookAtAll, Home: lookAtAll }[e.key];
  if (act && !e.ctrlKey && !e.metaKey) { e.preventDefault(); act(); }
});

// In the small drawing a press or a drag says where to look.
overview.addEventListener("pointerdown", e => { overview.setPointerCapture(e.pointerId); lookFromOverview(e); });
overview.addEventListener("pointermove", e => { if (e.buttons & 1) lookFromOverview(e); });
function lookFromOverview(e) {
  const at = e.offsetX / overview.clientWidth * data.end;
  let span = view.to - view.from;
  if (span > data.end * 0.9) span = data.end / 8;
  look(at - span / 2, at + span / 2);
}

// drawChoice shows the stretch that is being dragged on the axis.
function drawChoice() {
  if (!drag || !drag.zooms || drag.now === undefined) return;
  const c = canvas.getContext("2d");
  c.fillStyle = ink.accent;
  c.globalAlpha = 0.15;
  c.fillRect(Math.min(drag.x, drag.now), 0, Math.abs(drag.now - drag.x), layout.height);
  c.globalAlpha = 1;
}

listeners.push(drawOverview, drawTimeline, drawChoice);
