"use strict";
const box = document.querySelector(".filter");
const field = box.querySelector("input");
const count = box.querySelector("output");
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const cards = Array.from(document.querySelectorAll(".card"), (card) => [card, plain(card.dataset.words)]);
function filter() {
  const wanted = plain(field.value).split(/\s+/).filter(Boolean);
  for (const [card, words] of cards) card.hidden = !wanted.every((word) => words.includes(word));
  const shown = cards.filter(([card]) => !card.hidden).length;
  count.value = wanted.length ? `${shown} of ${cards.length}` : "";
}
box.hidden = false;
field.addEventListener("input", filter);
window.addEventListener("pageshow", filter);
