/* The desk without waiting for whole pages: keys, search while typing, and panes that are replaced in place.
   Everything works without this script, by links and forms; it fetches the same addresses with part=1. */
"use strict";

const PARTS = ["top", "last", "list", "reading"];
const byId = (id) => document.getElementById(id);
const three = document.body.classList.contains("three");
let newest = 0; // number of the newest request: an older answer is not shown
let changing = false; // while an answer is on its way, a key would answer the same posting again

/* ------------------------------------------------------------------ panes */

/* `whole` also asks for the filters, whose counts take longer. */
async function load(address, options = {}, { remember = true, whole = false } = {}) {
  const number = ++newest;
  const url = new URL(address, location.href);
  if (!options.method && !whole) url.searchParams.set("part", "1");
  let answer, text;
  try {
    answer = await fetch(url, { credentials: "same-origin", ...options });
    text = await answer.text();
  } catch {
    tell("The desk does not answer: it was closed, or it is busy. Nothing was changed by this; start it again, or try again.");
    return;
  }
  if (number !== newest) return;
  const shown = new URL(answer.url);
  shown.searchParams.delete("part");
  const page = new DOMParser().parseFromString(text, "text/html");
  if (!page.getElementById("reading")) {
    if (options.method && !answer.redirected) tell(page.querySelector("main p")?.textContent || `Error ${answer.status}`);
    else location.href = shown; // an error, or a page of another kind: as the server shows it
    return;
  }
  const typing = document.activeElement === byId("q");
  const list = byId("list").scrollTop;
  for (const id of whole ? [...PARTS, "filters"] : PARTS) {
    if (id === "top" && typing) continue; // the field keeps its focus and its caret
    const fresh = page.getElementById(id);
    if (fresh) byId(id).replaceWith(document.importNode(fresh, true));
  }
  document.body.classList.remove("at-list", "at-posting", "at-filters");
  document.body.classList.add(shown.pathname.startsWith("/p/") ? "at-posting" : "at-list");
  byId("list").scrollTop = list;
  shown.searchParams.delete("typing");
  if (remember) history.pushState(null, "", shown);
  const title = document.querySelector("#reading h1");
  document.title = `${title ? title.textContent : "Postings"} · the desk`;
  const current = document.querySelector("#list [aria-current].card");
  if (current) current.scrollIntoView({ block: "nearest" });
  if (!shown.pathname.startsWith("/p/")) byId("list").scrollTop = 0;
}

async function submit(form, button) {
  if (changing) return;
  const data = new URLSearchParams(new FormData(form, button));
  data.set("part", "1");
  changing = true;
  await load(form.action, { method: "POST", body: data });
  changing = false;
}

/* Say what went wrong where a screen reader hears it. */
function tell(line) {
  const status = document.querySelector("#last p");
  status.className = "problem";
  status.textContent = line;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.card, #reading .bar a, #list .orders a, #list .pages a");
  if (!three || !link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  load(link.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!three || !["/label", "/undo", "/remove"].includes(new URL(form.action).pathname)) return;
  event.preventDefault();
  submit(form, event.submitter);
});

window.addEventListener("popstate", () => (three ? load(location.href, {}, { remember: false, whole: true }) : location.reload()));

/* ------------------------------------------------------------------ search while typing */

let pause = 0;
document.addEventListener("input", (event) => {
  if (!three || event.target.id !== "q") return;
  clearTimeout(pause);
  const query = new URLSearchParams(new FormData(event.target.form));
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  const words = query.get("q") || "";
  if (words && !/\s$/.test(words)) query.set("typing", "1");
  pause = setTimeout(async () => {
    await load(`/?${query}`);
    pause = setTimeout(() => load(`/?${query}`, {}, { remember: false, whole: true }), 600);
  }, 120);
});

/* ------------------------------------------------------------------ keys */

const keysAreOn = () => localStorage.getItem("keys") !== "off";

function showSwitch() {
  const button = byId("keys-switch");
  if (!button) return;
  button.hidden = false;
  button.setAttribute("aria-checked", String(keysAreOn()));
  byId("keys").classList.toggle("off", !keysAreOn());
}

function step(by) {
  const cards = [...document.querySelectorAll("#list a.card")];
  const at = cards.findIndex((card) => card.hasAttribute("aria-current"));
  const next = cards[at + by];
  if (next) load(next.href);
  else if (at >= 0) document.querySelector(`#list .pages [rel=${by > 0 ? "next" : "prev"}]`)?.click();
}

const press = (answer) => document.querySelector(`#label button[value=${answer}]`)?.click();
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  y: () => press("yes"),
  n: () => press("no"),
  s: () => press("skip"),
  u: () => document.querySelector("#undo button")?.click(),
  o: () => byId("original")?.click(),
  g: () => {
    byId("list").scrollTop = 0;
    document.querySelector("#list a.card")?.focus();
  },
  "/": () => byId("q").select(),
  "?": () => byId("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, select, textarea, [contenteditable], dialog");
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll(".menu[open]")) menu.open = false;
    if (event.target.id === "q") event.target.blur();
    return;
  }
  if (!three || !keysAreOn() || field || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  if (event.target.id === "keys-switch") {
    localStorage.setItem("keys", keysAreOn() ? "off" : "on");
    showSwitch();
  }
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
showSwitch();
