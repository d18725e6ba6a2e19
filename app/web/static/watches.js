// The page of watches: says what was done, and keeps the keyboard where one would look next.

import { announce } from "./page.js";

let done = null; // the form whose answer is being swapped in

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, verb, isRefused } = event.detail.requestConfig;
  done = verb === "post" ? elt.closest("form[data-said]") : null;
  const isDone = event.detail.successful && !isRefused && event.detail.xhr.status < 400;
  if (done && isDone) announce(done.dataset.said);
});

document.addEventListener("htmx:afterSettle", () => {
  if (!done) return;
  const id = done.querySelector("button[id]")?.id ?? "";
  done = null;
  // What was pressed is gone after a removal, a pause, and what takes it back.
  const [act, watch] = id.split("-");
  const next = {
    remove: "#watches [data-first]",
    restore: `#remove-${watch}`,
    pause: `#resume-${watch}`,
    resume: `#pause-${watch}`,
  }[act];
  document.querySelector(next ?? (id ? `#${id}` : "#add"))?.focus();
});
