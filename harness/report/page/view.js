// What is looked at: a stretch of time, a moment in it, and which operations. Whoever draws listens.

const SHORTEST = 50; // µs, the closest that one can look
const view = { from: 0, to: data.end, moment: NaN, focus: new Set() }; // moment: NaN, none chosen
const listeners = [];
let due = false;

// changed draws everything once before the next frame, however often it is called.
function changed() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; listeners.forEach(draw => draw()); });
}

// look shows the stretch from..to, kept within the run (with a little air) and its length.
function look(from, to) {
  const air = data.end * 0.01, span = Math.min(Math.max(to - from, SHORTEST), data.end + 2 * air);
  from = Math.min(Math.max((from + to - span) / 2, -air), data.end + air - span);
  view.from = from;
  view.to = from + span;
  changed();
}

function lookAtAll() { look(-data.end * 0.005, data.end * 1.005); }

// zoom makes the stretch factor times as long, and the time at stays where it is.
function zoom(factor, at) {
  if (at === undefined) at = view.moment >= view.from && view.moment <= view.to ? view.moment : (view.from + view.to) / 2;
  look(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

function pan(share) {
  const by = (view.to - view.from) * share;
  look(view.from + by, view.to + by);
}

// goTo marks a moment and brings it to the middle, close enough to see single operations. The operations given are
// those that it is about: all of them are brought in view if that is not too wide.
function goTo(t, about) {
  let from = t, to = t;
  view.moment = t;
  view.focus = new Set(about || []);
  for (const i of view.focus) { from = Math.min(from, ops.start[i]); to = Math.max(to, ops.length[i] >= 0 ? ops.until[i] : ops.start[i]); }
  let span = Math.min(view.to - view.from, Math.max(data.end / 20, 1e6));
  if (to - from < data.end / 4) span = Math.max(span, (to - from) * 1.3); else from = to = t;
  look((from + to - span) / 2, (from + to + span) / 2);
}

// shows says whether the filters let operation i through.
const filter = { key: -1, process: -1, text: "", ok: true, fail: true, info: true, reads: true, writes: true, blamed: false };
let matching = null; // of each text, whether it contains filter.text; null: all do

function shows(i) {
  const kind = ops.kind[i];
  return (kind & READ ? filter.reads : filter.writes) && (kind & FAIL ? filter.fail : kind & INFO ? filter.info : filter.ok) &&
    (filter.key < 0 || ops.key[i] === filter.key) && (filter.process < 0 || ops.process[i] === filter.process) &&
    (!matching || matching[ops.value[i]] || matching[ops.error[i]]) && (!filter.blamed || ops.bad[i] || ops.allowed[i] || view.focus.has(i));
}

function search(text) {
  filter.text = text.toLowerCase();
  matching = filter.text ? data.texts.map(s => s.toLowerCase().includes(filter.text)) : null;
}

// inView counts the operations that touch the stretch and pass the filters.
function inView() {
  let n = 0;
  for (let i = 0; i < ops.count; i++) if (ops.start[i] <= view.to && ops.until[i] >= view.from && shows(i)) n++;
  return n;
}
