// While the first videos are on their way: looks for them, and shows the feed once they are there.

const LOOKS_EVERY = 5_000; // milliseconds

async function look() {
  const panel = document.getElementById("first-run");
  if (!panel || document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("first-run")) location.reload();
  } catch {
    // the service is away; the next look may find it
  }
}

if (document.querySelector("#first-run[data-waits]")) setInterval(look, LOOKS_EVERY);
