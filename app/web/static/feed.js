// The feed in the browser: what is new announces itself, one's place is kept, keys, the player.

import { announce, localize, offerChoice } from "./page.js";

const LOOK_EVERY = 5000; // milliseconds
const LOOK_UNSEEN_EVERY = 60_000; // while the tab is in the background
const GLANCE_EVERY = 60_000;
const MISSES_TOLD = 3; // looks that reach nothing before the reader is told
const CHANGES_AT_ONCE = 100;
const SMALLEST_PICTURE = 120; // pixels; YouTube sends a grey one of this width where there is none
const PLAYER = "https://www.youtube-nocookie.com/embed/";

const form = document.getElementById("filters");
const fresh = document.getElementById("fresh");
const keys = document.getElementById("keys");
const results = () => document.getElementById("results");
const cards = () => [...document.querySelectorAll(".card")];

// --- What is new

let waiting = null; // the results as they are now, to be shown when they are asked for
let after = null; // the bookmark in /changes; null where what is shown does not follow the newest
let looking = false;
let lookedAt = 0;
let comparedAt = Date.now();
let misses = 0;
let isSignedOut = false;
const title = document.title;

function begin() {
  waiting = null;
  fresh.hidden = true;
  document.title = title;
  after = results().dataset.follows ?? null;
}

async function look() {
  const rests = document.hidden && Date.now() - lookedAt < LOOK_UNSEEN_EVERY;
  if (after === null || looking || rests) return;
  looking = true;
  lookedAt = Date.now();
  const shown = results();
  try {
    const found = await changesOf(shown);
    if (misses >= MISSES_TOLD) announce("The service answers again.");
    misses = 0;
    if (found && shown === results()) await takeIn(found, shown);
  } catch {
    misses += 1; // the next look may reach it
    if (misses === MISSES_TOLD) announce("The service does not answer. New videos are told of once it does.");
  } finally {
    looking = false;
  }
}

async function changesOf(shown) {
  const address = `${shown.dataset.changes}?after=${after}&limit=${CHANGES_AT_ONCE}`;
  const answer = await fetch(address, { cache: "no-cache" });
  if (answer.status === 410) return { changes: [{ op: "put" }], next_after: null }; // long asleep
  if (answer.status === 401) offerLogin();
  return answer.ok ? answer.json() : null;
}

function offerLogin() {
  after = null;
  isSignedOut = true;
  fresh.textContent = "You are signed out. Sign in";
  fresh.hidden = false;
}

async function takeIn(found, shown) {
  for (const change of found.changes) {
    if (change.op === "delete") markGone(document.getElementById(`v-${change.video_id}`));
  }
  const isGlanceOld = !document.hidden && Date.now() - comparedAt > GLANCE_EVERY;
  let version = found.next_after;
  if (isGlanceOld || found.changes.some((change) => change.op === "put")) {
    const compared = await compare(shown);
    if (compared === null) return; // not answered, or something else is shown by now
    // Very many are not gone through: the page has what matters of them, and says where to go on.
    if (found.more || version === null) version = compared;
  }
  after = version;
}

function markGone(card) {
  if (card === null || card.classList.contains("gone")) return;
  card.classList.add("gone");
  card.querySelector(".when").append(" · No longer here");
}

/** Offer what is new on the page as it is now; return up to where it knows of changes, or null. */
async function compare(shown) {
  const answer = await fetch(shown.dataset.first, { cache: "no-cache" });
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.getElementById("results");
  if (now === null || shown !== results()) return null;
  comparedAt = Date.now();
  showGlance(page.querySelector(".glance"));
  const version = now.dataset.latest ?? null;
  const unseen = [...now.querySelectorAll(".card")].filter((card) => !document.getElementById(card.id));
  if (unseen.length === 0) return version;
  waiting = now;
  const beyond = unseen.length === now.querySelectorAll(".card").length && now.querySelector(".more");
  const text = `${unseen.length}${beyond ? "+" : ""} new`;
  if (fresh.hidden) announce(`${text}. Press n to see.`);
  fresh.textContent = text;
  fresh.hidden = false;
  document.title = `(${unseen.length}) ${title}`;
  return version;
}

function showGlance(now) {
  if (now === null) return;
  document.querySelector(".glance")?.replaceWith(document.adoptNode(now));
  localize(now);
}

function showFresh() {
  if (isSignedOut) return location.reload(); // which leads to the login and back
  if (waiting === null) return;
  const now = document.adoptNode(waiting);
  results().replaceWith(now);
  globalThis.htmx.process(now);
  document.dispatchEvent(new CustomEvent("newsreel:shown", { detail: now }));
  history.replaceState(null, "", now.dataset.first);
  begin();
  scrollTo({ top: 0 });
  focusCard(cards()[0]);
}

// --- One's place: the address is that of the chunk on the screen, and its card is gone back to

function cardOnScreen() {
  return cards().find((card) => card.getBoundingClientRect().bottom > 0);
}

function notePlace() {
  const card = cardOnScreen();
  if (!card) return;
  let start = card;
  while (start && !start.dataset.here) start = start.previousElementSibling;
  if (!start) return;
  const state = { ...history.state, htmx: true, card: scrollY > 0 ? card.id : null };
  history.replaceState(state, "", start.dataset.here); // htmx goes back to what it knows by its mark
}

function goBack() {
  const id = history.state?.card;
  const card = id && document.getElementById(id);
  if (!card) return;
  card.scrollIntoView();
  card.querySelector(".title").focus({ preventScroll: true });
}

// --- Keys

function focusCard(card) {
  card?.querySelector(".title").focus({ preventScroll: true });
  card?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = cards();
  const at = all.indexOf(document.activeElement?.closest(".card"));
  focusCard(all[at === -1 ? all.indexOf(cardOnScreen()) : Math.min(all.length - 1, Math.max(0, at + by))]);
}

const present = () => document.activeElement?.closest(".card") ?? cardOnScreen();
const deeds = {
  j: () => step(1),
  k: () => step(-1),
  o: () => present()?.querySelector(".title").click(),
  p: () => present()?.querySelector(".play")?.click(),
  n: showFresh,
  "/": () => form.elements.q.focus(),
  "?": () => keys.showModal(),
};

function onKey(event) {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in deeds)) return;
  event.preventDefault();
  deeds[event.key]();
}

// --- The player, which no one sees or asks for before it is wanted

function play(button) {
  const thumb = button.closest(".thumb");
  const running = thumb.querySelector("iframe");
  document.querySelectorAll(".thumb iframe").forEach((player) => player.remove());
  if (running) return;
  const player = document.createElement("iframe");
  player.src = `${PLAYER}${encodeURIComponent(button.dataset.play)}?autoplay=1`;
  player.title = button.textContent;
  player.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
  player.referrerPolicy = "strict-origin-when-cross-origin"; // the player refuses those without
  thumb.append(player);
  player.focus();
}

function dropPicture(image) {
  if (image.closest?.(".thumb")) image.remove();
}

// --- What happens

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (button) play(button);
});
// Neither event bubbles.
document.addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) dropPicture(event.target);
}, true);
document.addEventListener("load", (event) => {
  const image = event.target;
  if (image instanceof HTMLImageElement && image.naturalWidth <= SMALLEST_PICTURE) dropPicture(image);
}, true);
document.addEventListener("keydown", onKey);
document.addEventListener("scrollend", notePlace);
document.addEventListener("visibilitychange", look);
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== form) return;
  for (const [name, value] of Object.entries(event.detail.parameters)) {
    if (value === "" || (name === "sort" && value === "newest")) delete event.detail.parameters[name];
  }
});
// A search that is typed on is one step of the history, not one for each letter.
document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
  const typed = event.detail.requestConfig.triggeringEvent?.target === form.elements.q;
  if (typed && new URLSearchParams(location.search).has("q")) event.detail.history.type = "replace";
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "results") begin();
});
fresh.addEventListener("click", showFresh);
document.getElementById("show-keys").addEventListener("click", () => keys.showModal());
offerChoice("view", "cards");
for (const image of document.querySelectorAll(".thumb img")) {
  if (image.complete && image.naturalWidth <= SMALLEST_PICTURE) dropPicture(image);
}
begin();
history.scrollRestoration = "manual"; // of a page that had grown, its place is no place here
goBack();
setInterval(look, LOOK_EVERY);
