// The run's data, unpacked from its columns. Times are microseconds from the run's start.

const data = JSON.parse(document.getElementById("data").textContent);

const READ = 1, FAIL = 2, INFO = 4, FINAL = 8, MISSING = 16; // the bits of an operation's kind

function fromSteps(steps) {
  const all = new Float64Array(steps.length);
  let at = 0;
  for (let i = 0; i < steps.length; i++) all[i] = at += steps[i];
  return all;
}

const ops = data.ops;
ops.count = ops.start.length;
ops.start = fromSteps(ops.start);
ops.until = new Float64Array(ops.count); // how far the bar of each is drawn
ops.bad = new Uint8Array(ops.count);
ops.allowed = new Uint8Array(ops.count);
data.bad.forEach(i => { ops.bad[i] = 1; });
data.allowed.forEach(i => { ops.allowed[i] = 1; });

// Each process has one operation open at a time, and processes that share a lane follow each other. An operation that never
// returned is drawn until its lane goes on.
const byProcess = new Map(); // name → indexes of its operations, in order
for (let i = 0; i < ops.count; i++) {
  const name = data.texts[ops.process[i]];
  if (!byProcess.has(name)) byProcess.set(name, []);
  byProcess.get(name).push(i);
}
data.lanes.forEach(lane => {
  lane.ops = [lane.name].concat(lane.also || []).flatMap(name => byProcess.get(name) || []);
  lane.label = lane.also ? lane.name + " +" + lane.also.length : lane.name;
  lane.segments = lane.segments || [];
  lane.marks = lane.marks || [];
  lane.ops.forEach((i, n) => {
    const next = n + 1 < lane.ops.length ? ops.start[lane.ops[n + 1]] : data.end;
    ops.until[i] = ops.length[i] >= 0 ? ops.start[i] + ops.length[i] : Math.max(next, ops.start[i]);
  });
});
data.offsets.forEach(s => { s.t = fromSteps(s.t); });
data.logs.t = fromSteps(data.logs.t);

// A fault that was never healed lasts to the end. Faults that overlap get rows of their own.
let faultRows = 0;
{
  const free = []; // when each row is free again
  for (const f of data.faults) {
    f.healed = f.stop >= 0;
    if (!f.healed) f.stop = data.end;
    let row = free.findIndex(t => t <= f.start);
    if (row < 0) row = free.length;
    free[row] = f.stop;
    f.row = row;
  }
  faultRows = free.length;
}

const outcome = kind => kind & FAIL ? "fail" : kind & INFO ? "info" : "ok";

// describe is an operation in a line: "write k1 = v7 at m1".
function describe(i) {
  const kind = ops.kind[i], key = data.texts[ops.key[i]], value = data.texts[ops.value[i]], node = data.texts[ops.node[i]];
  let text = (kind & FINAL ? "final " : "") + (kind & READ ? "read " : "write ") + key;
  if (!(kind & READ)) text += " = " + value;
  else if (kind & MISSING) text += " → (no such key)";
  else if (!(kind & (FAIL | INFO))) text += " → " + value;
  return node ? text + " at " + node : text;
}

// firstFrom is the first index into the sorted list whose key is at least x.
function firstFrom(n, keyAt, x) {
  let low = 0, high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyAt(middle) < x) low = middle + 1; else high = middle;
  }
  return low;
}
