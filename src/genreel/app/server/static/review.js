// One film at a time, by keys. Without this the form works as well.
import { ask, failure, path, reach, refuseDrops, say } from "./server.js";

const card = document.getElementById("card");
const help = document.getElementById("help");
const letters = document.getElementById("letters");
const $ = (id) => document.getElementById(id);
const seen = [];
let busy = false;

letters.checked = localStorage.getItem("letters") !== "off";
letters.addEventListener("change", () => localStorage.setItem("letters", letters.checked ? "on" : "off"));

async function show(film, told) {
  const query = new URLSearchParams({ order: $("review")?.dataset.order ?? "unsure" });
  if (film) query.set("film", film);
  if (told) query.set("told", told);
  const response = await reach(`/review?${query}`, { headers: { "X-Fragment": "1" } });
  if (!response.ok) throw await failure(response);
  card.innerHTML = await response.text();  // rendered and escaped by the server
  query.delete("told");
  history.replaceState(null, "", film ? `/review?${query}` : "/review?order=" + query.get("order"));
  $("film-title").focus({ preventScroll: true });
  scrollTo(0, 0);
  explain();
}

async function act(what, told) {
  if (busy) return;
  busy = true;
  card.setAttribute("aria-busy", "true");
  const form = $("review");
  try {
    say(await what(form) ?? told);
  } catch (error) {
    if (error.status === 409 && form) await showAgain(form);
    else if (error.status === 404) await show("", error.message);
    else say(error.message);
  } finally {
    busy = false;
    card.removeAttribute("aria-busy");
  }
}

// After a conflict: the film as it is now, with what was toggled and typed on this page.
async function showAgain(form) {
  const all = (selector) => [...card.querySelectorAll(selector)];
  const toggled = all("[name=genre]").filter((box) => box.checked !== box.defaultChecked)
    .map((box) => [box.value, box.checked]);
  const typed = all("#edit input, #edit textarea").filter((field) => field.value !== field.defaultValue)
    .map((field) => [field.name, field.value]);
  await show(form.dataset.film, "Somebody else changed this film, so nothing was saved. Here is how it is now, with your changes still marked: confirm or save again to keep them.");
  for (const [genre, on] of toggled) card.querySelector(`[name=genre][value="${CSS.escape(genre)}"]`).checked = on;
  for (const [name, value] of typed) {
    const field = $("edit").elements[name];
    field.value = value;
    field.closest("details").open = true;
  }
  const parts = [...toggled.map(([genre, on]) => `${label(genre)} ${on ? "on" : "off"}`), ...typed.map(([name]) => name)];
  say(parts.length ? `Not saved. Still marked: ${parts.join(", ")}` : "Not saved");
}

// What a genre is called on this page.
const label = (genre) => card.querySelector(`[name=genre][value="${CSS.escape(genre)}"]`)
  ?.closest("label").querySelector(".genre").textContent ?? genre;

const version = (form) => Number(form.dataset.version);

const confirm = () => act(async (form) => {
  const genres = [...form.querySelectorAll("[name=genre]:checked")].map((box) => box.value);
  await ask("PUT", `/api/reviews/${path(form.dataset.film)}`, { genres, version: version(form) });
  seen.push(form.dataset.film);
  await show();
}, "Confirmed");

const skip = () => act(async (form) => {
  await ask("POST", `/api/skips/${path(form.dataset.film)}`, { version: version(form) });
  seen.push(form.dataset.film);
  await show();
}, "Skipped");

const UNDONE = {
  review: "Review undone", skip: "Skip undone", edit: "Correction undone",
  thresholds: "Thresholds undone", delete: "The film is back",
};

const back = () => act(async () => {
  if (seen.length) await show(seen.pop());
}, "");

const undo = () => act(async () => {
  const { undone } = await ask("POST", "/api/undo");
  if (!undone) throw new Error("There is nothing to undo");
  seen.splice(0, seen.length, ...seen.filter((film) => film !== undone.film));
  await show(undone.film ?? "");
  return UNDONE[undone.kind];
}, "Undone");

// Why: for one genre at a time, words of the plot are marked and areas of the poster lit.
let reasons = null, shown = "";
async function explain() {
  reasons = null;
  shown = "";
  const form = $("review");
  if (!form) return;
  const film = form.dataset.film;
  try {
    const { why } = await ask("GET", `/api/why/${path(film)}`);
    if ($("review")?.dataset.film !== film) return;
    reasons = why;
    const [first] = offered();
    if (first) mark(first, false);  // the poster is dimmed for nobody who has not asked
  } catch { /* it is a help, not a need */ }
}

// The genres that are chosen, or the likeliest, where something spoke for them.
function offered() {
  const boxes = [...card.querySelectorAll("[name=genre]")];
  const some = boxes.filter((box) => box.checked || box.value === shown);
  return (some.length ? some : boxes.slice(0, 1)).map((box) => box.value)
    .filter((genre) => reasons[genre] && (reasons[genre].words.length || reasons[genre].areas.length));
}

function mark(genre, lit = true) {
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

function markWords(words) {
  const plot = $("plot");
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

// Goes through the genres, then shows none.
function nextWhy() {
  if (!reasons) return;
  const all = [...offered(), ""];
  mark(all[(all.indexOf(shown) + 1) % all.length]);
}

card.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.id === "edit") return save(event.target);
  if (!event.target.querySelector("[name=action]")) return;
  const action = event.submitter?.value ?? "confirm";
  ({ undo, skip, confirm })[action]();
});

function save(form) {
  act(async (review) => {
    const { title, plot } = Object.fromEntries(new FormData(form));
    const year = form.elements.year.value ? Number(form.elements.year.value) : null;
    await ask("PATCH", `/api/films/${path(review.dataset.film)}`, { title, plot, year, version: version(review) });
    await show(review.dataset.film);
  }, "Saved");
}

card.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const id = button?.id;
  if (button?.dataset.why) {
    const genre = button.dataset.why;
    mark(genre === shown ? "" : genre);
    card.querySelector(`[data-why="${CSS.escape(genre)}"]`)?.focus();
  }
  if (id === "back") back();
  if (id === "help-open") help.showModal();
  if (id === "delete" && window.confirm("Delete this film, with its review? Undo (z) brings it back.")) {
    act(async (form) => {
      await ask("DELETE", `/api/films/${path(form.dataset.film)}?version=${version(form)}`);
      await show();
    }, "Deleted. Undo (z) brings it back.");
  }
});
card.addEventListener("change", (event) => {
  if (event.target.name === "genre") mark(event.target.value);
  if (event.target.id === "order") location.href = `/review?order=${event.target.value}`;
});
document.getElementById("help-close").addEventListener("click", () => help.close());

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const at = event.target;
  if (at.matches("input:not([type=checkbox]), textarea, select, dialog *")) return;
  const done = (what) => { event.preventDefault(); what(); };
  if (event.key === "?") return done(() => help.showModal());
  if (event.key === "z") return done(undo);
  if (!$("review")) return;
  if (event.key === "Enter" && !at.matches("button, a, summary")) return done(confirm);
  if (event.key === "ArrowRight") return done(skip);
  if (event.key === "ArrowLeft") return done(back);
  if (event.key === ".") return done(nextWhy);
  if (!letters.checked) return;
  const box = card.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (box) done(() => { box.checked = !box.checked; mark(box.value); say(`${label(box.value)} ${box.checked ? "on" : "off"}`); });
});

refuseDrops();
explain();
