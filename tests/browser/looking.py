"""What a page is asked about itself; each script returns what should not be, as texts."""

from __future__ import annotations

SIDEWAYS = """() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll("body *")]
        .filter((it) => it.getBoundingClientRect().right > clientWidth + 1 && !it.closest(".table"))
        .map((it) => `${it.tagName}.${it.className} ${it.textContent.slice(0, 40)}`);
    return [`${scrollWidth} px`, ...wide];
}"""
"""What is wider than the window, if that makes the page scroll sideways."""

FOREIGN = """() => [...document.querySelectorAll("*")].filter((it) =>
    it.id === "pwned" || it.name === "pwned" || it.matches("iframe, object, embed, base, style")
    || (it.tagName === "SCRIPT" && it.textContent.trim() !== "")
    || it.getAttributeNames().some((name) => name.startsWith("on") || /^(data-)?hx-on/.test(name))
    || ["href", "src", "action", "formaction"].some((name) =>
        /^\\s*(javascript|data|vbscript):/i.test(it.getAttribute(name) ?? "")
        || (it.getAttribute(name) ?? "").includes("example.org"))
).map((it) => it.outerHTML)"""
"""What no page of ours has: handlers in attributes, scripts in its text or in an address."""

ADDRESSES = """() => [...document.querySelectorAll("*")].flatMap((it) =>
    ["href", "src", "srcset", "action", "formaction", "hx-get", "hx-post", "hx-push-url"]
        .map((name) => it.getAttribute(name))
        .filter((value) => value !== null && !["true", "false"].includes(value))
        .map((value) => new URL(value, document.baseURI).href))"""
"""All addresses that a page names, whoever would ask for them."""

WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
    for (const it of list.getEntries()) window.shifted += it.value;
}).observe({ type: "layout-shift", buffered: true });
"""

SHIFTED = """() => new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(window.shifted))))"""
"""How far things have moved by themselves, as Cumulative Layout Shift has it; to be run after
WATCH_SHIFTS."""
