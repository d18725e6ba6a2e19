// On every page: times in the reader's zone, choices that are remembered, and what htmx brings.

const MINUTE = 60;
const UNITS = [
  [365 * 86400, "y"],
  [30 * 86400, "mo"],
  [86400, "d"],
  [3600, "h"],
  [MINUTE, "min"],
];
const AGES_EVERY = 20_000; // milliseconds
const NOTICE_FOR = 10_000;
const SLOW_AFTER = 400;
const SENT_FOR = 5000;
const RETRY_AFTER = 5000;

const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const numberFormat = new Intl.NumberFormat();

/** How long ago, or how far ahead, as the server says it: `just now`, `3 min ago`, `in 2 h`. */
export function age(at, now = new Date()) {
  const seconds = Math.trunc((now - at) / 1000);
  for (const [length, unit] of UNITS) {
    if (Math.abs(seconds) >= length) {
      const amount = `${Math.floor(Math.abs(seconds) / length)} ${unit}`;
      return seconds > 0 ? `${amount} ago` : `in ${amount}`;
    }
  }
  return seconds < 0 ? "in a moment" : "just now";
}

const shown = {
  age: (element) => age(new Date(element.dateTime)),
  due: (element) => (new Date(element.dateTime) > new Date() ? age(new Date(element.dateTime)) : "now"),
  moment: (element) => momentFormat.format(new Date(element.dateTime)),
  number: (element) => numberFormat.format(Number(element.value)),
};

/** Show the times and figures in an element as its reader writes them. */
export function localize(root) {
  for (const element of root.querySelectorAll("[data-show]")) {
    const text = shown[element.dataset.show](element);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** Say something to everybody: seen at the foot of the window, and read out. */
export function announce(text) {
  const status = document.getElementById("status");
  status.textContent = text;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => { status.textContent = ""; }, NOTICE_FOR);
}

/** Remember a choice of the reader, if the browser keeps anything. */
export function remember(name, value) {
  document.documentElement.dataset[name] = value;
  try {
    localStorage.setItem(`newsreel.${name}`, value);
  } catch {
    // then it holds for this page
  }
}

/** Let the controls of a choice show it and change it. */
export function offerChoice(name, usual) {
  for (const control of document.querySelectorAll(`select[data-choice="${name}"]`)) {
    control.value = document.documentElement.dataset[name] ?? usual;
    control.addEventListener("change", () => remember(name, control.value));
  }
}

// That something is going on is shown once it takes a while.
let underWay = 0;
function noteRequest(by) {
  underWay += by;
  clearTimeout(noteRequest.timer);
  if (underWay === 0) delete document.documentElement.dataset.busy;
  else noteRequest.timer = setTimeout(() => { document.documentElement.dataset.busy = ""; }, SLOW_AFTER);
}

// A form that is sent twice, by a double click, is obeyed once. htmx sees to its own.
function sendOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || (event.submitter?.formMethod || form.method) !== "post") return;
  if (form.dataset.sent !== undefined) return event.preventDefault();
  form.dataset.sent = "";
  setTimeout(() => { delete form.dataset.sent; }, SENT_FOR);
}

// A page that could not be drawn is asked for again until it can.
async function retry() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.status !== 503) return location.reload();
  } catch {
    // the service is away; the next try may reach it
  }
  setTimeout(retry, RETRY_AFTER);
}

// What htmx asks for is a whole page, of which it takes a part. One without that part is another
// page than was expected: the login, or an error.
function judge(event) {
  const { xhr, requestConfig } = event.detail;
  const selector = requestConfig.elt.closest("[hx-select]")?.getAttribute("hx-select");
  const answer = new DOMParser().parseFromString(xhr.responseText, "text/html");
  event.detail.shouldSwap = !selector || answer.querySelector(selector) !== null;
  event.detail.isError = false; // which htmx would write to the console
  requestConfig.isRefused = !event.detail.shouldSwap;
  if (event.detail.shouldSwap) return;
  const problem = answer.querySelector("[role=alert]");
  if (xhr.status < 400 && xhr.responseURL && !problem) location.assign(xhr.responseURL);
  else announce(problem?.textContent.trim() ?? `The service answered ${xhr.status}. Try it again.`);
}

document.addEventListener("htmx:beforeSwap", judge);
document.addEventListener("htmx:beforeSend", ({ detail }) => {
  noteRequest(1);
  detail.xhr.addEventListener("loadend", () => noteRequest(-1));
});
document.addEventListener("submit", sendOnce);
document.addEventListener("htmx:load", (event) => localize(event.target.parentNode ?? document));
document.addEventListener("htmx:sendError", () => announce("The service does not answer. Is it running?"));
document.addEventListener("htmx:timeout", () => announce("The service takes too long to answer."));
localize(document);
setInterval(() => localize(document), AGES_EVERY);
offerChoice("theme", "auto");
if (document.querySelector("[data-retry]")) setTimeout(retry, RETRY_AFTER);
