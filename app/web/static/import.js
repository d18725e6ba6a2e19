// Importing: a file can be dropped, and what is chosen of it is sent a few at a time, with progress.
// Without this the same forms are sent whole.

import { announce } from "./page.js";

const VERDICTS = ["new", "known", "rejected"];
const MOST_WAITS = 5;
const USUAL_WAIT = 5; // seconds
const numberFormat = new Intl.NumberFormat();

/** Take files that are dropped anywhere on the page's form as if they had been chosen. */
function offerDrop(zone) {
  const input = zone.querySelector("input[type=file]");
  const fits = () => {
    const fitting = (input.files[0]?.size ?? 0) <= Number(zone.dataset.mostBytes);
    if (!fitting) announce(zone.dataset.tooLarge);
    return fitting;
  };
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length !== 1) return announce("Drop one file.");
    input.files = event.dataTransfer.files;
    zone.requestSubmit();
  });
  zone.addEventListener("submit", (event) => {
    if (!fits()) event.preventDefault();
  });
}

/** Send entries, or none to have the import noted; return what the page that answers says. */
async function send(form, entries, counts, more) {
  const body = new FormData();
  for (const name of ["csrf_token", "source"]) body.set(name, form.elements[name].value);
  for (const verdict of VERDICTS) body.set(verdict, counts[verdict]);
  body.set("more", more ? "yes" : "");
  for (const entry of entries) body.append("entry", entry);
  for (let waits = 0; ; waits += 1) {
    const answer = await fetch(form.action, { method: "POST", body });
    const text = await answer.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const result = page.getElementById("result");
    if (answer.ok && result) return result;
    if (![429, 503].includes(answer.status) || waits === MOST_WAITS) {
      const problem = page.querySelector("[role=alert]")?.textContent.trim();
      throw new Error(problem || (answer.redirected ? "Sign in again." : `The service answered ${answer.status}.`));
    }
    const wait = Number(answer.headers.get("Retry-After")) || USUAL_WAIT;
    await new Promise((resolve) => { setTimeout(resolve, wait * 1000); });
  }
}

/** Send what is ticked in chunks; what is done is unticked, so that sending again does the rest. */
function sendInChunks(form) {
  const progress = document.getElementById("import-progress");
  const bar = progress.querySelector("progress");
  const told = progress.querySelector("[data-told]");
  const stop = progress.querySelector("button");
  const refused = progress.querySelector("ul");
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, Number(form.elements[verdict].value)]));
  let isStopped = false;
  stop.addEventListener("click", () => { isStopped = true; stop.disabled = true; });

  const tell = (text) => {
    const [added, known, rejected] = VERDICTS.map((verdict) => numberFormat.format(counts[verdict]));
    told.textContent = `${text} ${added} added, ${known} watched already, ${rejected} refused.`;
  };

  const take = (result, boxes) => {
    for (const verdict of VERDICTS) counts[verdict] = Number(result.dataset[verdict]);
    const left = result.querySelectorAll("input[name=entry]").length;
    for (const box of boxes.slice(0, boxes.length - left)) {
      box.checked = false;
      box.disabled = true;
    }
    for (const item of result.querySelectorAll("[data-refused]")) refused.append(document.importNode(item, true));
    bar.value += boxes.length - left;
  };

  const sendAll = async () => {
    const size = Number(form.dataset.chunk);
    for (;;) {
      const stops = isStopped; // then nothing is sent but that this was all
      const boxes = [...form.querySelectorAll("input[name=entry]:checked")];
      const chunk = stops ? [] : boxes.slice(0, size);
      const more = !stops && boxes.length > chunk.length;
      take(await send(form, chunk.map((box) => box.value), counts, more), chunk);
      if (stops || (!more && !form.querySelector("input[name=entry]:checked"))) return;
      tell("Adding.");
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = form.querySelectorAll("input[name=entry]:checked").length;
    if (!chosen) return announce("Nothing is ticked.");
    const submit = form.querySelector("button[type=submit]");
    submit.disabled = true;
    stop.disabled = isStopped = false;
    progress.hidden = false;
    bar.max = chosen;
    bar.value = 0;
    tell("Adding.");
    try {
      await sendAll();
      tell(isStopped ? "Stopped." : "Done.");
      announce(told.textContent);
      for (const verdict of VERDICTS) counts[verdict] = 0; // these are noted; what follows is another import
    } catch (error) {
      tell(`${error.message} What was added stays; send the rest again.`);
      announce(error.message);
    }
    stop.disabled = true;
    submit.disabled = !form.querySelector("input[name=entry]:checked");
  });
}

for (const zone of document.querySelectorAll("form.drop")) offerDrop(zone);
for (const form of document.querySelectorAll("form[data-chunk]")) sendInChunks(form);
for (const button of document.querySelectorAll("[data-tick]")) {
  button.addEventListener("click", () => {
    for (const box of button.form.querySelectorAll("input[name=entry]:not(:disabled)")) box.checked = button.dataset.tick === "all";
  });
}
