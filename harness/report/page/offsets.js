// Each server's replication offset on the timeline's axis; or how far each lags behind the furthest one.

const curves = document.getElementById("curves"), CURVES = 220;
const lagBox = document.getElementById("lag");

// sampleAt is the last that was seen of a server's offset at or before t.
function sampleAt(series, t) {
  const n = firstFrom(series.t.length, i => series.t[i], t + 1) - 1;
  return n < 0 ? null : { n, t: series.t[n], offset: series.offset[n], replid: data.texts[series.replid[n]] };
}

// offsetAt is a server's offset at t, between two samples on the line from one to the other; -1 while it is not known.
function offsetAt(series, t) {
  const at = sampleAt(series, t);
  if (!at || at.offset < 0) return -1;
  const next = at.n + 1;
  if (next >= series.t.length || series.offset[next] < 0 || series.replid[next] !== series.replid[at.n]) return at.offset;
  const share = (t - at.t) / Math.max(1, series.t[next] - at.t);
  return at.offset + share * (series.offset[next] - at.offset);
}

// behind is how far the server lags behind the furthest one; servers that are not in one history are compared all the
// same, because the number still says how much would be lost or sent again.
function behind(series, t) {
  const mine = offsetAt(series, t);
  return mine < 0 ? -1 : Math.max(...data.offsets.map(o => offsetAt(o, t))) - mine;
}

// points are what to draw of a server: times and heights, null where the line breaks.
function points(series, s) {
  const all = [];
  if (lagBox.checked) {
    for (let x = s.left; x <= s.right; x += 2) {
      const y = behind(series, s.t(x));
      all.push(y < 0 ? null : { x, y });
    }
    return all;
  }
  const first = Math.max(0, firstFrom(series.t.length, i => series.t[i], view.from) - 1);
  let lastX = -1e9;
  for (let n = first; n < series.t.length; n++) {
    const x = s.x(series.t[n]);
    const changes = n > 0 && series.replid[n] !== series.replid[n - 1] && series.offset[n - 1] >= 0 && series.replid[n] && series.replid[n - 1];
    if (series.offset[n] < 0) { if (all.length) all.push({ x, y: all[all.length - 1] ? all[all.length - 1].y : 0 }); all.push(null); lastX = -1e9; }
    else if (changes || x - lastX >= 0.5 || n === series.t.length - 1) { all.push({ x, y: series.offset[n], changes, n }); lastX = x; }
    if (series.t[n] > view.to) break;
  }
  return all;
}

function drawOffsets() {
  const c = prepare(curves, CURVES), s = scale(curves.clientWidth), top = 22, bottom = CURVES - 10;
  axis(c, s, 0, CURVES, true);
  const lines = data.offsets.map(o => points(o, s));
  let least = Infinity, most = -Infinity;
  for (const p of lines.flat()) if (p && p.x >= s.left && p.x <= s.right) { least = Math.min(least, p.y); most = Math.max(most, p.y); }
  if (!lagBox.checked) for (const v of data.offsets.flatMap(o => [offsetAt(o, view.from), offsetAt(o, view.to)])) if (v >= 0) { least = Math.min(least, v); most = Math.max(most, v); }
  if (least > most) {
    c.fillStyle = ink.soft;
    c.textAlign = "left";
    c.fillText("No offset was seen in this time.", s.left + 8, CURVES / 2);
    return;
  }
  if (lagBox.checked) least = 0;
  if (most - least < 10) most = least + 10;
  const y = v => bottom - (v - least) / (most - least) * (bottom - top);
  drawHeights(c, s, least, most, y);
  clip(c, s, 0, CURVES, () => {
    for (const f of data.faults) {
      c.fillStyle = ink.fault;
      c.globalAlpha = 0.07;
      c.fillRect(s.x(f.start), top - 4, Math.max(s.x(f.stop) - s.x(f.start), 1), CURVES);
      c.globalAlpha = 1;
    }
    lines.forEach((line, i) => drawLine(c, line, y, ink.series[i % SERIES], data.offsets.length - i));
    momentLine(c, s, 18, CURVES);
  });
}

// drawLine draws the first servers wider, so that equal curves are seen under one another.
function drawLine(c, line, y, colour, under) {
  c.strokeStyle = colour;
  c.lineWidth = 1.4 + 1.2 * Math.max(0, Math.min(under - 1, 4));
  c.lineJoin = "round";
  c.beginPath();
  let open = false;
  for (const p of line) {
    if (!p) { open = false; continue; }
    if (open) c.lineTo(p.x, y(p.y)); else c.moveTo(p.x, y(p.y));
    open = true;
  }
  c.stroke();
  c.lineWidth = 1.5;
  const seen = line.filter(p => p && p.n !== undefined);
  if (seen.length < 60) { // between two points the line is a guess
    c.fillStyle = colour;
    for (const p of seen) { c.beginPath(); c.arc(p.x, y(p.y), c.lineWidth + 1.2, 0, 7); c.fill(); }
  }
  for (const p of line) {
    if (!p || !p.changes) continue;
    c.beginPath();
    c.moveTo(p.x, y(p.y) - 6);
    c.lineTo(p.x + 6, y(p.y));
    c.lineTo(p.x, y(p.y) + 6);
    c.lineTo(p.x - 6, y(p.y));
    c.closePath();
    c.fillStyle = ink.card;
    c.fill();
    c.stroke();
  }
}

function drawHeights(c, s, least, most, y) {
  const rough = (most - least) / 4, power = Math.pow(10, Math.floor(Math.log10(rough))), step = [1, 2, 5, 10].map(n => n * power).find(n => n >= rough);
  c.textAlign = "right";
  c.fillStyle = ink.soft;
  c.strokeStyle = ink.line;
  c.lineWidth = 1;
  for (let v = Math.ceil(least / step) * step; v <= most; v += step) {
    const at = Math.round(y(v)) + 0.5;
    c.beginPath();
    c.moveTo(s.left, at);
    c.lineTo(s.right, at);
    c.stroke();
    c.fillText(Math.round(v).toLocaleString("en"), s.left - 6, at);
  }
}

function tellOffsets(x) {
  const s = scale(curves.clientWidth), t = s.t(x);
  if (x < s.left) return [];
  const parts = [{ bold: true, text: seconds(t) + " s" }];
  for (const o of data.offsets) {
    const at = sampleAt(o, t);
    if (!at || at.offset < 0) { parts.push({ text: o.name + "  down, or not seen yet" }); continue; }
    const change = at.n > 0 && o.replid[at.n] !== o.replid[at.n - 1] && o.replid[at.n - 1] ? ", new: was " + data.texts[o.replid[at.n - 1]].slice(0, 8) : "";
    parts.push({ text: o.name + "  " + at.offset.toLocaleString("en") + " of " + at.replid.slice(0, 8) + change + ", seen " + seconds(at.t) });
  }
  return parts;
}

curves.addEventListener("pointermove", e => { if (!kept) showTip(tellOffsets(e.offsetX), e.clientX, e.clientY); });
curves.addEventListener("pointerleave", () => { if (!kept) hideTip(); });
curves.addEventListener("click", e => {
  const s = scale(curves.clientWidth);
  if (e.offsetX >= s.left) { view.moment = s.t(e.offsetX); changed(); }
});
lagBox.addEventListener("change", changed);

for (const [i, o] of data.offsets.entries()) {
  const item = document.createElement("li"), swatch = document.createElement("i");
  swatch.className = "swatch s" + (i % SERIES + 1);
  item.append(swatch, o.name);
  document.getElementById("series").append(item);
}
listeners.push(drawOffsets);
