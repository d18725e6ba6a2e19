// What a reader chose before, applied before anything is drawn. Runs in the head, so it is short.
"use strict";
for (const name of ["theme", "view"]) {
  try {
    const chosen = localStorage.getItem(`newsreel.${name}`);
    if (chosen) document.documentElement.dataset[name] = chosen;
  } catch {
    break; // the browser keeps nothing for us
  }
}
