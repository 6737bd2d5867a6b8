// The log lines of all machines in one list. Only the lines on the screen are in the document.

const LINE = 20;
const logs = data.logs, log = document.getElementById("log"), logLines = document.getElementById("logLines"), logSpace = document.getElementById("logSpace");
const logFilter = { machine: -1, text: "", warns: false, range: false };
const warns = new Set(logs.warns);
let matches = []; // indexes of the lines that pass the filter
let lower = null; // the lines in lower case, made when first searched

function filterLogs() {
  if (logFilter.text && !lower) lower = logs.line.map(s => s.toLowerCase());
  matches = [];
  for (let i = 0; i < logs.line.length; i++) {
    if (logFilter.machine >= 0 && logs.machine[i] !== logFilter.machine) continue;
    if (logFilter.warns && !warns.has(i)) continue;
    if (logFilter.range && (logs.t[i] < view.from || logs.t[i] > view.to)) continue;
    if (logFilter.text && !lower[i].includes(logFilter.text)) continue;
    matches.push(i);
  }
  logSpace.style.height = matches.length * LINE + "px";
  document.getElementById("logCount").textContent = matches.length.toLocaleString("en") + " of " + logs.line.length.toLocaleString("en") + " lines" +
    (logs.leftOut ? ", " + logs.leftOut.toLocaleString("en") + " from the middle are in the history only" : "");
  drawLogs();
}

function drawLogs() {
  const first = Math.max(0, Math.floor(log.scrollTop / LINE) - 5), last = Math.min(matches.length, first + Math.ceil(log.clientHeight / LINE) + 10);
  logLines.style.transform = "translateY(" + first * LINE + "px)";
  const rows = [];
  for (let n = first; n < last; n++) rows.push(logLine(matches[n]));
  logLines.replaceChildren(...rows);
}

function logLine(i) {
  const row = document.createElement("li"), time = document.createElement("time"), machine = document.createElement("b");
  const name = data.texts[logs.machine[i]];
  time.textContent = seconds(logs.t[i]);
  machine.textContent = name;
  row.append(time, machine, logs.line[i]);
  row.classList.toggle("warns", warns.has(i));
  row.classList.toggle("nemesis", name === "nemesis");
  row.classList.toggle("on", view.moment === logs.t[i]);
  row.dataset.line = i;
  return row;
}

// showLogs brings the lines about t into the list's view.
function showLogs(t) {
  const n = firstFrom(matches.length, k => logs.t[matches[k]], t);
  log.scrollTop = Math.max(0, n * LINE - log.clientHeight / 3);
  drawLogs();
}

log.addEventListener("scroll", drawLogs);
log.addEventListener("click", e => {
  const row = e.target.closest("li");
  if (row && !String(getSelection())) goTo(logs.t[row.dataset.line]);
});
function offer(select, indexes) {
  for (const i of indexes) select.append(new Option(data.texts[i], i));
}
offer(document.getElementById("logMachine"), [...new Set(logs.machine)].sort((a, b) => data.texts[a].localeCompare(data.texts[b], "en", { numeric: true })));
document.getElementById("logFilters").addEventListener("submit", e => e.preventDefault());
document.getElementById("logFilters").addEventListener("input", () => {
  const machine = document.getElementById("logMachine").value;
  logFilter.machine = machine === "" ? -1 : Number(machine);
  logFilter.text = document.getElementById("logText").value.toLowerCase();
  logFilter.warns = document.getElementById("logWarns").checked;
  logFilter.range = document.getElementById("logRange").checked;
  filterLogs();
});
listeners.push(() => { if (logFilter.range) filterLogs(); else drawLogs(); });
