// Why: for one genre at a time, words of the plot are marked; areas of the poster and words that
// are printed on it are lit.
import { ask, path } from "./server.js";

const $ = (id) => document.getElementById(id);
const boxes = () => [...document.querySelectorAll("#review [name=genre]")];
let reasons = null, shown = "", isLit = false, wanted = "", isAsking = false;

// Asks for the film that is shown. One question at a time, and of those that came meanwhile only
// the last is asked: whoever reviews fast leaves the server alone.
export async function explain() {
  reasons = null;
  shown = "";
  wanted = $("review")?.dataset.film ?? "";
  if (isAsking) return;
  isAsking = true;
  while (wanted) {
    const film = wanted;
    wanted = "";
    try {
      const { why } = await ask("GET", `/api/why/${path(film)}`);
      if ($("review")?.dataset.film !== film) continue;
      reasons = why;
      const [first] = offered();
      if (first) mark(first, false);  // the poster is dimmed for nobody who has not asked
    } catch { /* it is a help, not a need */ }
  }
  isAsking = false;
}

// What a genre is called on this page.
export const label = (genre) => document.querySelector(`[name=genre][value="${CSS.escape(genre)}"]`)
  ?.closest("label").querySelector(".genre").textContent ?? genre;

// The genres that are chosen, or the likeliest, where something spoke for them.
function offered() {
  const some = boxes().filter((box) => box.checked || box.value === shown);
  return (some.length ? some : boxes().slice(0, 1)).map((box) => box.value)
    .filter((genre) => ["words", "areas", "printed"].some((kind) => reasons[genre]?.[kind]?.length));
}

export function mark(genre, lit = true) {
  if (!reasons) return;
  shown = genre;
  isLit = lit;
  const line = $("why");
  line.replaceChildren("Why");
  for (const one of offered()) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.why = one;
    button.textContent = label(one);
    button.setAttribute("aria-pressed", String(one === genre));
    line.append(" ", button);
  }
  line.hidden = line.children.length === 0;
  const { words = [], areas = [], printed = [] } = reasons[genre] ?? {};
  markWords(words);
  sayPrinted(line, printed);
  light(lit ? areas : [], lit ? printed : []);
}

// Once more for the same genre: no longer.
export function toggle(genre) {
  mark(genre === shown && isLit ? "" : genre);
  document.querySelector(`[data-why="${CSS.escape(genre)}"]`)?.focus();
}

// Goes through the genres, then shows none.
export function next() {
  if (!reasons) return;
  const all = [...offered(), ""];
  const step = shown && !isLit ? 0 : 1;
  mark(all[(all.indexOf(shown) + step) % all.length]);
}

function markWords(words) {
  const plot = $("plot");
  if (!words.length && !plot.querySelector("mark")) return;
  const text = [...plot.textContent];  // characters, as the server counts them
  const part = (start, end) => text.slice(start, end).join("");
  const most = Math.max(...words.map((word) => word.weight));
  plot.textContent = "";
  let at = 0;
  for (const word of [...words].sort((a, b) => a.start - b.start)) {
    if (word.start < at || word.weight < most / 5) continue;  // the faint ones only distract
    const marked = document.createElement("mark");
    marked.textContent = part(word.start, word.end);
    marked.style.setProperty("--weight", word.weight / most);
    plot.append(part(at, word.start), marked);
    at = word.end;
  }
  plot.append(part(at));
}

// The printed words in plain text, for whoever cannot see where they stand.
function sayPrinted(line, printed) {
  const words = [...new Set(printed.map(({ word }) => word))].slice(0, 6);
  if (!words.length) return;
  const text = document.createElement("span");
  text.id = "printed";
  text.textContent = `printed on the poster: ${words.join(", ")}`;
  line.append(" ", text);
  line.querySelector("[aria-pressed=true]")?.setAttribute("aria-describedby", text.id);
}

// What said nothing is dimmed a little; words have a frame.
function light(areas, printed) {
  const poster = $("poster");
  poster.querySelector(".light")?.remove();
  const parts = [...areas, ...printed];
  if (!parts.length || !poster.querySelector("img")) return;
  const svg = draw("svg", { class: "light", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  const whole = { x: 0, y: 0, width: 1, height: 1 };
  const mask = draw("mask", { id: "lit", ...whole });
  mask.append(draw("rect", { ...whole, fill: "#fff" }), ...parts.map((part) => draw("rect", box(part))));
  svg.append(mask, draw("rect", { ...whole, class: "dim", mask: "url(#lit)" }));
  svg.append(...printed.map((word) => draw("rect", { ...box(word), class: "word" })));
  poster.append(svg);
}

const box = ({ left, top, right, bottom }) => ({ x: left, y: top, width: right - left, height: bottom - top });

function draw(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
