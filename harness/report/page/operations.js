// A client's lane: writes in its upper half, reads in its lower half. An operation that is too short to see on its own
// shares a column with its neighbours, in which what failed and what is unknown is never hidden by what went well.

const LANE = 24, HALF = 9;

const bins = { count: new Float64Array(0), fail: null, info: null };
function emptyBins(n) {
  if (bins.count.length < n) for (const name of ["count", "fail", "info"]) bins[name] = new Float64Array(n);
  else for (const name of ["count", "fail", "info"]) bins[name].fill(0, 0, n);
}

// drawOperations draws lane.ops within y..y+LANE. Rectangles of a colour are gathered and filled at once.
function drawOperations(c, s, lane, y) {
  const columns = Math.ceil(s.right - s.left) + 1;
  const mine = lane.ops;
  const first = Math.max(0, firstFrom(mine.length, n => ops.start[mine[n]], view.from) - 1);
  for (const reads of [false, true]) {
    const top = y + (reads ? 3 + HALF : 2);
    const paths = { ok: new Path2D(), fail: new Path2D(), info: new Path2D() };
    const labels = [];
    emptyBins(columns + 2);
    for (let n = first; n < mine.length; n++) {
      const i = mine[n];
      if (ops.start[i] > view.to) break;
      if (!!(ops.kind[i] & READ) !== reads || ops.until[i] < view.from || !shows(i)) continue;
      const x = Math.max(s.x(ops.start[i]), s.left - 2), width = Math.min(s.x(ops.until[i]), s.right + 2) - x;
      if (width < 1.5) {
        const column = Math.min(columns - 1, Math.max(0, Math.floor(x - s.left)));
        bins.count[column]++;
        if (ops.kind[i] & FAIL) bins.fail[column]++;
        if (ops.kind[i] & INFO) bins.info[column]++;
        continue;
      }
      paths[outcome(ops.kind[i])].rect(x, top, Math.max(width - 0.5, 1), HALF);
      if (width > 44) labels.push([i, x, width]);
    }
    drawBins(paths, s, top, columns);
    const colours = { ok: reads ? ink.read : ink.write, fail: ink.fail, info: ink.info };
    for (const name of ["ok", "fail", "info"]) { c.fillStyle = colours[name]; c.fill(paths[name]); }
    drawLabels(c, labels, top, reads);
  }
  drawTails(c, s, lane, y);
  drawBlame(c, s, lane, y, first);
}

// drawBins adds the columns: what is unknown from the top, what failed from the bottom, what went well between.
function drawBins(paths, s, top, columns) {
  for (let column = 0; column < columns; column++) {
    const all = bins.count[column];
    if (!all) continue;
    const part = n => n ? Math.max(2.5, HALF * n / all) : 0;
    const info = part(bins.info[column]), fail = Math.min(part(bins.fail[column]), HALF - info), x = s.left + column;
    const wide = bins.count[column + 1] ? 1 : bins.count[column + 2] ? 2 : 3; // one that stands alone should be seen
    if (info) paths.info.rect(x, top, wide, info);
    if (fail) paths.fail.rect(x, top + HALF - fail, wide, fail);
    if (bins.info[column] + bins.fail[column] < all) paths.ok.rect(x, top + info, wide, Math.max(HALF - info - fail, 1));
  }
}

function drawLabels(c, labels, top, reads) {
  c.font = "9px " + FONT.slice(5);
  c.textAlign = "left";
  for (const [i, x, width] of labels) {
    c.fillStyle = reads && !(ops.kind[i] & (FAIL | INFO)) ? ink["on-strip"] : ink["on-master"];
    const text = data.texts[ops.key[i]] + (reads ? " → " : " = ") + (ops.kind[i] & MISSING ? "none" : data.texts[ops.value[i]]);
    const label = fit(c, text, width - 5);
    if (label) c.fillText(label, x + 3, top + HALF / 2 + 0.5);
  }
  c.font = FONT;
}

// drawTails stands for all that got no answer and may happen yet: a line to the end of the run.
function drawTails(c, s, lane, y) {
  const since = [-1, -1]; // the first such write, read
  for (const i of lane.unanswered || (lane.unanswered = lane.ops.filter(i => ops.length[i] < 0))) {
    const reads = ops.kind[i] & READ ? 1 : 0;
    if (since[reads] < 0 && shows(i)) since[reads] = ops.start[i];
  }
  c.fillStyle = ink.info;
  since.forEach((t, reads) => {
    if (t < 0 || t > view.to) return;
    const x = Math.max(s.x(t), s.left);
    c.fillRect(x, y + (reads ? LANE - 2 : 1), Math.max(0, Math.min(s.x(data.end), s.right) - x), 1);
  });
}

// drawBlame marks the operations that findings are about, and rings those of the finding that was clicked.
function drawBlame(c, s, lane, y, first) {
  let lastBad = -9, lastAllowed = -9;
  for (let n = first; n < lane.ops.length; n++) {
    const i = lane.ops[n];
    if (ops.start[i] > view.to) break;
    const focus = view.focus.has(i);
    if (!ops.bad[i] && !ops.allowed[i] && !focus || !shows(i)) continue;
    const from = s.x(ops.start[i]), to = Math.min(s.x(ops.until[i]), s.right), x = Math.max((from + to) / 2, s.left + 2);
    const top = y + (ops.kind[i] & READ ? 3 + HALF : 2);
    if (focus) {
      c.strokeStyle = ink.accent;
      c.lineWidth = 2;
      c.strokeRect(from - 2, top - 2, Math.max(to - from, 1.5) + 4, HALF + 4);
    }
    if (ops.bad[i] && x - lastBad > 2) { triangle(c, x, top - 2, true, ink.bad); lastBad = x; }
    else if (!ops.bad[i] && ops.allowed[i] && x - lastAllowed > 3) { triangle(c, x, top - 2, false, ink.allowed); lastAllowed = x; }
  }
}

function triangle(c, x, y, solid, colour) {
  c.beginPath();
  c.moveTo(x - 4, y - 1);
  c.lineTo(x + 4, y - 1);
  c.lineTo(x, y + 6);
  c.closePath();
  c.lineWidth = 1;
  c.fillStyle = solid ? colour : ink.card;
  c.fill();
  c.strokeStyle = colour;
  c.stroke();
}

// operationsAt are the operations under a point of a lane: those of the half that it is in, or of the other.
function operationsAt(s, lane, x, dy) {
  const from = s.t(x - 3), to = s.t(x + 3), reads = dy > LANE / 2;
  const found = [];
  for (let n = Math.max(0, firstFrom(lane.ops.length, k => ops.start[lane.ops[k]], from) - 1); n < lane.ops.length; n++) {
    const i = lane.ops[n];
    if (ops.start[i] > to) break;
    if (ops.until[i] >= from && shows(i)) found.push(i);
  }
  const half = found.filter(i => !!(ops.kind[i] & READ) === reads);
  return half.length ? half : found;
}

function tellOperations(found) {
  if (found.length > 6) {
    const n = { ok: 0, fail: 0, info: 0 };
    found.forEach(i => n[outcome(ops.kind[i])]++);
    return [{ bold: true, text: found.length + " operations" }, { text: n.ok + " ok, " + n.fail + " fail, " + n.info + " info" },
      { soft: true, text: seconds(ops.start[found[0]]) + " to " + seconds(ops.until[found[found.length - 1]]) + " s: zoom in to see each" }];
  }
  const parts = [];
  for (const i of found) {
    if (parts.length) parts.push("-");
    const back = ops.length[i] >= 0;
    parts.push({ bold: true, text: describe(i) });
    parts.push({ text: data.texts[ops.process[i]] + ": " + outcome(ops.kind[i]) + (ops.error[i] ? ": " + data.texts[ops.error[i]] : "") });
    parts.push({ soft: true, text: seconds(ops.start[i], 1) + (back ? " – " + seconds(ops.start[i] + ops.length[i], 1) + " s, took " + (ops.length[i] / 1000).toFixed(3) + " ms" : " s, never answered") });
    if (ops.bad[i]) parts.push({ text: "▼ a finding is about this" });
    else if (ops.allowed[i]) parts.push({ text: "▽ looks bad, and is within the promise" });
  }
  return parts;
}
