// Draws each figure with data-chart from the table inside it, and lets keys and pointers walk through
// charts and timelines. What is drawn is in the tables, too: nothing here brings figures of its own.
/* global uPlot */

const CHARTS = new Map(); // figure -> its drawing
const HEIGHT = 224; // pixels; charts.css reserves them
const HOURS = [1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168].map((hours) => hours * 3600);
const DAYS = [1, 2, 4, 7, 14, 28].map((days) => days * 86400);
const LENGTHS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000];
const COUNTS = [...Array(13).keys()].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
const DASH = [8, 5];

const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const hourTick = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dateTick = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayTick = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const numberFormat = new Intl.NumberFormat();
const tickFormat = new Intl.NumberFormat(undefined, { notation: "compact" });

/** A length of time by its two largest units, as the server says it. */
function span(seconds) {
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = units.findIndex(([length]) => seconds >= length);
  if (first < 0) return "0 s";
  let rest = Math.round(seconds);
  const parts = [];
  for (const [length, unit] of units.slice(first, first + 2)) {
    if (rest >= length) parts.push(`${Math.floor(rest / length)} ${unit}`);
    rest %= length;
  }
  return parts.join(" ");
}

/** What the table of a figure says. */
function read(figure) {
  const rows = [...figure.querySelectorAll("tbody tr")];
  const value = (cell) => (cell.dataset.value === undefined ? null : Number(cell.dataset.value));
  return {
    labels: [...figure.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent),
    times: rows.map((row) => Date.parse(row.cells[0].dataset.at) / 1000),
    columns: rows[0] ? [...rows[0].cells].slice(1).map((_, at) => rows.map((row) => value(row.cells[at + 1]))) : [],
  };
}

function tell(figure, table, at) {
  const time = new Date(table.times[at] * 1000);
  const when = figure.dataset.times === "day" ? dayFormat.format(time) : momentFormat.format(time);
  const { unit } = figure.dataset;
  const name = (value) => (value === 1 ? unit.slice(0, -1) : unit);
  const say = (value) => (unit === "seconds" ? span(value) : `${numberFormat.format(value)} ${name(value)}`);
  const told = table.columns
    .map((column, n) => [table.labels[n], column[at]])
    .filter(([, value]) => value !== null)
    .map(([label, value]) => (table.columns.length > 1 ? `${label}: ${say(value)}` : say(value)));
  return `${when}: ${told.join(", ") || "no value"}`;
}

/** The colours of now, light or dark: a canvas knows no custom properties. */
function colours(figure) {
  const probe = document.createElement("span");
  figure.append(probe);
  const found = ["accent", "warn", "line", "muted"].map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return { series: found.slice(0, 2), line: found[2], muted: found[3] };
}

function timeTicks(isDay) {
  if (isDay) return (_, ticks) => ticks.map((at) => dayTick.format(at * 1000));
  return (_, ticks) => ticks.map((at) => {
    const time = new Date(at * 1000);
    return time.getHours() || time.getMinutes() ? hourTick.format(time) : dateTick.format(time);
  });
}

function options(figure, table, width) {
  const isDay = figure.dataset.times === "day";
  const isBars = figure.dataset.chart === "bars";
  const isTime = figure.dataset.unit === "seconds";
  const { series, line, muted } = colours(figure);
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const half = isBars && table.times.length > 1 ? (table.times[1] - table.times[0]) / 2 : 0;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    tzDate: (at) => (isDay ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 9 } },
    scales: {
      x: { range: (_, low, high) => [low - half, high + half] },
      y: { range: (_, low, high) => [0, Math.max(1, high * 1.08)] },
    },
    axes: [
      { ...axis, size: 30, values: timeTicks(isDay), incrs: isDay ? DAYS : HOURS, space: 64 },
      {
        ...axis,
        size: isTime ? 84 : 56,
        values: (_, ticks) => ticks.map((value) => (isTime ? span(value) : tickFormat.format(value))),
        incrs: isTime ? LENGTHS : COUNTS,
        space: 36,
      },
    ],
    series: [{}, ...table.columns.map((_, n) => ({
      stroke: series[n],
      width: isBars ? 0 : 2,
      ...(isBars ? { fill: series[n], paths: uPlot.paths.bars({ size: [0.8, 48] }), points: { show: false } }
        : { dash: n ? DASH : undefined, points: { show: table.times.length <= 31, size: 6 } }),
    }))],
    hooks: { setCursor: [(plot) => show(figure, table, plot.cursor.idx)] },
  };
}

function show(figure, table, at) {
  const readout = figure.querySelector(".readout");
  const text = at === null || at === undefined ? "" : tell(figure, table, at);
  if (readout.textContent !== text) readout.textContent = text;
}

function place(plot, table, at) {
  const values = table.columns.map((column) => column[at]).filter((value) => value !== null);
  const top = plot.valToPos(values[0] ?? 0, "y");
  plot.setCursor({ left: plot.valToPos(table.times[at], "x"), top });
}

/** Where a key leads from a place among so many, or null if it is none of ours. */
function step(key, at, count) {
  const here = at ?? (key === "ArrowLeft" ? count : -1);
  const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: count - 1 }[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), count - 1);
}

/** Let an element be walked through by arrow keys, Home and End; Escape and leaving end it. */
function walkable(element, label, count, go) {
  let at = null;
  element.tabIndex = 0;
  element.setAttribute("role", "application");
  element.setAttribute("aria-roledescription", "chart");
  element.setAttribute("aria-label", `${label}. Left and right arrow keys go through it.`);
  element.removeAttribute("aria-labelledby");
  const move = (to) => { at = to; go(at); };
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && at !== null) return move(null);
    const to = step(event.key, at, count);
    if (to === null || count === 0) return;
    event.preventDefault();
    move(to);
  });
  element.addEventListener("blur", () => { if (at !== null) move(null); });
}

function paint(figure) {
  const drawing = CHARTS.get(figure);
  drawing.plot?.destroy();
  const width = drawing.element.clientWidth;
  if (!width) return;
  const { table } = drawing;
  drawing.plot = new uPlot(options(figure, table, width), [table.times, ...table.columns], drawing.element);
  drawing.plot.root.setAttribute("aria-hidden", "true");
}

function draw(figure) {
  const element = figure.querySelector(".plot");
  if (!element || CHARTS.has(figure)) return;
  const table = read(figure);
  const drawing = { element, table, plot: null };
  CHARTS.set(figure, drawing);
  paint(figure);
  walkable(element, figure.querySelector("h3").textContent, table.times.length, (at) => {
    if (!drawing.plot) return;
    if (at === null) drawing.plot.setCursor({ left: -10, top: -10 });
    else place(drawing.plot, table, at);
  });
  resizes.observe(element);
}

const resizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const figure = target.closest("[data-chart]");
    const { plot } = CHARTS.get(figure);
    if (!plot) paint(figure);
    else if (plot.width !== target.clientWidth && target.clientWidth) {
      plot.setSize({ width: target.clientWidth, height: HEIGHT });
    }
  }
});

function follow(timeline) {
  const readout = timeline.parentElement.querySelector(".readout");
  const bars = [...timeline.querySelectorAll("rect")].sort((a, b) => a.dataset.from.localeCompare(b.dataset.from));
  const point = (bar) => {
    for (const each of bars) each.classList.toggle("at", each === bar);
    const time = (text) => momentFormat.format(new Date(text));
    const known = bar?.textContent.split("\n")[0];
    readout.textContent = bar ? `${time(bar.dataset.from)} to ${time(bar.dataset.to)}: ${known}` : "";
  };
  const label = timeline.getAttribute("aria-label");
  walkable(timeline, label, bars.length, (at) => point(at === null ? null : bars[at]));
  const drawn = [...timeline.querySelectorAll("rect")].reverse(); // what lies above first
  timeline.addEventListener("pointermove", (event) => {
    const box = timeline.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * timeline.querySelector("svg").viewBox.baseVal.width;
    const covers = (bar) => bar.x.baseVal.value <= x && x <= bar.x.baseVal.value + bar.width.baseVal.value;
    point(drawn.find(covers));
  });
  timeline.addEventListener("pointerleave", () => point(null));
}

function begin(root) {
  for (const figure of CHARTS.keys()) {
    if (figure.isConnected) continue;
    CHARTS.get(figure).plot?.destroy();
    CHARTS.delete(figure);
  }
  root.querySelectorAll("[data-chart]").forEach(draw);
  root.querySelectorAll(".timeline:not([tabindex])").forEach(follow);
}

const repaint = () => CHARTS.forEach((_, figure) => paint(figure));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
document.addEventListener("htmx:load", (event) => begin(event.target.parentNode ?? document));
begin(document);
