// Why: for one genre at a time, words of the plot are marked and areas of the poster lit.
import { ask, path } from "./server.js";

const $ = (id) => document.getElementById(id);
const boxes = () => [...document.querySelectorAll("#review [name=genre]")];
let reasons = null, shown = "", wanted = "", isAsking = false;

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
    .filter((genre) => reasons[genre] && (reasons[genre].words.length || reasons[genre].areas.length));
}

export function mark(genre, lit = true) {
  if (!reasons) return;
  shown = genre;
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
  const { words = [], areas = [] } = reasons[genre] ?? {};
  markWords(words);
  light(lit ? areas : []);
}

// Once more for the same genre: no longer.
export function toggle(genre) {
  mark(genre === shown ? "" : genre);
  document.querySelector(`[data-why="${CSS.escape(genre)}"]`)?.focus();
}

// Goes through the genres, then shows none.
export function next() {
  if (!reasons) return;
  const all = [...offered(), ""];
  mark(all[(all.indexOf(shown) + 1) % all.length]);
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

// What said nothing is dimmed a little.
function light(areas) {
  const poster = $("poster");
  poster.querySelector(".light")?.remove();
  if (!areas.length || !poster.querySelector("img")) return;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "light");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const dim = document.createElementNS(svg.namespaceURI, "path");
  const hole = ({ left, top, right, bottom }) => `M${left} ${top}V${bottom}H${right}V${top}Z`;
  dim.setAttribute("d", `M0 0H1V1H0Z${areas.map(hole).join("")}`);
  svg.append(dim);
  poster.append(svg);
}
