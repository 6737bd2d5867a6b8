// The lanes of servers and Sentinels: a strip for what the machine was, and above it marks for what happened to it.

const TALL = 34, STRIP = 12;

// How each kind of mark is drawn. Those with a higher rank are drawn later, over the others.
const marks = {
  event: { sign: "·", colour: "faint", rank: 0, word: "event" },
  refused: { sign: "'", colour: "fail", rank: 0, word: "write refused" },
  well: { sign: "·", colour: "master", rank: 1, word: "well again" },
  up: { sign: "↑", colour: "master", rank: 2, word: "start" },
  sdown: { sign: "s", colour: "allowed", rank: 2, word: "SDOWN" },
  vote: { sign: "V", colour: "accent", rank: 3, word: "vote" },
  failover: { sign: "›", colour: "accent", rank: 3, word: "failover" },
  continue: { sign: "C", colour: "master", rank: 4, word: "continue" },
  order: { sign: "!", colour: "ink", rank: 4, word: "order" },
  tilt: { sign: "T", colour: "allowed", rank: 4, word: "TILT" },
  odown: { sign: "O", colour: "bad", rank: 5, word: "ODOWN" },
  fullsync: { sign: "F", colour: "allowed", rank: 5, word: "full sync" },
  abort: { sign: "A", colour: "bad", rank: 6, word: "failover aborted" },
  leader: { sign: "L", colour: "accent", rank: 6, word: "leader" },
  switch: { sign: "S", colour: "ink", rank: 7, word: "switch-master" },
  down: { sign: "✕", colour: "bad", rank: 8, word: "end" },
  promoted: { sign: "★", colour: "ink", rank: 9, word: "promoted" },
};
const plain = { sign: "·", colour: "faint", rank: 0, word: "event" };

function drawMachine(c, s, lane, y) {
  const top = y + TALL - STRIP - 4;
  for (const seg of lane.segments) {
    if (seg.to < view.from || seg.from > view.to) continue;
    const x = Math.max(s.x(seg.from), s.left), width = Math.max(Math.min(s.x(seg.to), s.right) - x, 1);
    drawSegment(c, seg, x, top, width);
  }
  drawMarks(c, s, lane, y + 9);
}

function drawSegment(c, seg, x, top, width) {
  const watch = seg.is === "watch";
  c.fillStyle = watch ? seriesColour(seg.of || "") : ink[seg.is] || ink.up;
  c.globalAlpha = watch ? 0.32 : 1;
  if (seg.is === "down") c.fillRect(x, top + STRIP / 2 - 1.5, width, 3); else c.fillRect(x, top, width, STRIP);
  c.globalAlpha = 1;
  if (seg.is === "unlinked") hatch(c, x, top, width);
  if (seg.is === "down") return;
  const text = { master: "master", replica: seg.of ? "replica of " + seg.of : "replica", unlinked: seg.of ? "link to " + seg.of + " down" : "link down", watch: seg.of || "" }[seg.is];
  c.font = "10px " + FONT.slice(5);
  c.textAlign = "left";
  c.fillStyle = seg.is === "master" ? ink["on-master"] : ink["on-strip"];
  const label = text && fit(c, text, width - 8);
  if (label && seg.is === "unlinked") { // clear of the hatching
    const colour = c.fillStyle;
    c.fillStyle = ink.unlinked;
    c.fillRect(x + 2, top, c.measureText(label).width + 4, STRIP);
    c.fillStyle = colour;
  }
  if (label) c.fillText(label, x + 4, top + STRIP / 2 + 0.5);
  c.font = FONT;
}

// hatch tells a lost link from a role by more than its colour.
function hatch(c, x, top, width) {
  c.save();
  c.beginPath();
  c.rect(x, top, width, STRIP);
  c.clip();
  c.strokeStyle = ink["unlinked-line"];
  c.lineWidth = 1.5;
  c.beginPath();
  for (let at = x - STRIP - x % 6; at < x + width; at += 6) { c.moveTo(at, top + STRIP); c.lineTo(at + STRIP, top); }
  c.stroke();
  c.restore();
}

// drawMarks leaves out a mark that would stand on one of higher rank: the box under the pointer tells all.
function drawMarks(c, s, lane, y) {
  if (!lane.ranked) lane.ranked = lane.marks.slice().sort((a, b) => (marks[b.is] || plain).rank - (marks[a.is] || plain).rank);
  const taken = new Uint8Array(Math.ceil(s.width) + 16);
  c.textAlign = "center";
  c.font = BOLD;
  for (const m of lane.ranked) {
    if (m.t < view.from || m.t > view.to) continue;
    const x = s.x(m.t), how = marks[m.is] || plain, at = Math.max(0, Math.round(x)), wide = how.rank < 2 ? 1 : 8;
    if (taken[at]) continue;
    taken.fill(1, Math.max(0, at - wide), at + wide + 1);
    c.fillStyle = ink[how.colour];
    if (how.rank === 0) c.fillRect(x - 0.5, y, 1, 5);
    else c.fillText(how.sign, x, y);
    c.fillRect(x - 0.5, y + 7, 1, 3);
  }
  c.font = FONT;
}

// tellMachine is what a machine was and what happened to it about x.
function tellMachine(s, lane, x) {
  const t = s.t(x), near = 7 / s.k;
  const parts = [{ bold: true, text: lane.name + ", " + seconds(t) + " s" }];
  const seg = lane.segments.find(g => g.from <= t && t <= g.to);
  if (seg) parts.push({ text: seg.text + ", " + seconds(seg.from) + " – " + seconds(seg.to) + " s" });
  const close = lane.marks.filter(m => Math.abs(m.t - t) <= near).sort((a, b) => a.t - b.t);
  if (close.length) parts.push("-");
  for (const m of close.slice(0, 12)) parts.push({ text: seconds(m.t) + "  " + m.text });
  if (close.length > 12) parts.push({ soft: true, text: "and " + (close.length - 12) + " more: zoom in" });
  const offsets = data.offsets.find(o => o.name === lane.name);
  const at = offsets && sampleAt(offsets, t);
  if (at && at.offset >= 0) parts.push("-", { soft: true, text: "offset " + at.offset + " of " + at.replid.slice(0, 8) + ", seen " + seconds(at.t) + " s" });
  return parts;
}
