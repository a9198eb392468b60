// One film at a time, by keys. Without this the form works as well.
import { undo as undoLast } from "./batch.js";
import { ask, failure, path, reach, say } from "./server.js";
import * as alike from "./alike.js";
import * as known from "./known.js";
import * as why from "./why.js";
import * as zoom from "./zoom.js";

const card = document.getElementById("card");
const help = document.getElementById("help");
const letters = document.getElementById("letters");
const $ = (id) => document.getElementById(id);
const TYPED = "input:not([type=checkbox]), textarea, select, dialog *";
let busy = false;

letters.checked = localStorage.getItem("letters") !== "off";
letters.addEventListener("change", () => localStorage.setItem("letters", letters.checked ? "on" : "off"));

// Films that come next, fetched ahead: id → the promise of their HTML. What was decided meanwhile
// comes no more, whatever a page said that was fetched before.
const ahead = new Map();
const decided = new Set();

function address(film, more = {}) {
  const query = new URLSearchParams(location.search);
  for (const name of ["film", "told", "marked"]) query.delete(name);
  for (const [name, value] of Object.entries({ film, ...more })) if (value) query.set(name, value);
  return `/review?${query}`;
}

async function load(film, told) {
  const response = await reach(address(film, { told }), { headers: { "X-Fragment": "1" } });
  if (!response.ok) throw await failure(response);
  return response.text();
}

// The films after this one, and their posters; a page that was fetched ahead knows older ones.
async function fetchAhead(wasAhead) {
  const form = $("review");
  if (!form) return;
  const film = form.dataset.film;
  if (wasAhead) {
    const query = new URLSearchParams(address(film).split("?")[1]);
    query.set("after", film);
    query.set("limit", 2);
    if (!query.get("order")) query.set("order", "unsure");
    form.dataset.next = JSON.stringify((await ask("GET", `/api/queue?${query}`)).films);
  }
  for (const next of following(form)) {
    if (ahead.has(next)) continue;
    const html = load(next);
    ahead.set(next, html);
    html.then((text) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      const poster = page.querySelector("#poster img");
      if (poster) new Image().src = poster.getAttribute("src");
      const left = page.getElementById("left");  // newer than what the present page says
      if (left && $("left") && $("review")?.dataset.film === film) $("left").replaceWith(left);
    }).catch(() => ahead.delete(next));
  }
}

const following = (form) => JSON.parse(form.dataset.next).filter((film) => !decided.has(film));

// `step`: "push" makes an entry of the browser's history, "replace" changes the present one.
async function show(film, { told, step = "push" } = {}) {
  const wasAhead = !told && ahead.has(film);
  const html = wasAhead ? ahead.get(film) : load(film, told);
  ahead.delete(film);
  card.innerHTML = await html;  // rendered and escaped by the server
  const shown = $("review")?.dataset.film ?? "";
  const depth = (history.state?.depth ?? 0) + (step === "push" ? 1 : 0);
  if (step === "push") history.pushState({ depth }, "", address(shown));
  if (step === "replace") history.replaceState({ depth }, "", address(shown));
  ready(wasAhead);
  $("film-title").focus({ preventScroll: true });
  scrollTo(0, 0);
}

function ready(wasAhead) {
  document.title = `${card.querySelector("[data-title]").dataset.title} · genreel`;
  fetchAhead(wasAhead).catch(() => {});  // then the server is asked when it is needed
  why.explain();
  alike.prepare();
}

async function act(what, told) {
  if (busy) return;
  busy = true;
  card.setAttribute("aria-busy", "true");
  const form = $("review");
  try {
    say(await what(form) ?? told);
  } catch (error) {
    ahead.clear();
    if (error.status === 409 && form) await showAgain(form);
    else if (error.status === 404) await show("", { told: error.message });
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
  await show(form.dataset.film, { step: "replace", told: "Somebody else changed this film, so nothing was saved. Here is how it is now, with your changes still marked: confirm or save again to keep them." });
  for (const [genre, on] of toggled) card.querySelector(`[name=genre][value="${CSS.escape(genre)}"]`).checked = on;
  for (const [name, value] of typed) $("edit").elements[name].value = value;
  if (typed.length) edit(true);
  const parts = [...toggled.map(([genre, on]) => `${why.label(genre)} ${on ? "on" : "off"}`), ...typed.map(([name]) => name)];
  say(parts.length ? `Not saved. Still marked: ${parts.join(", ")}` : "Not saved");
}

const version = (form) => Number(form.dataset.version);
const nextOf = (form) => following(form)[0] ?? "";

const confirm = () => act(async (form) => {
  const genres = [...form.querySelectorAll("[name=genre]:checked")].map((box) => box.value);
  const now = isTyped() ? (await sendText(form)).version : version(form);
  await ask("PUT", `/api/reviews/${path(form.dataset.film)}`, { genres, version: now });
  decided.add(form.dataset.film);
  await show(nextOf(form));
}, "Confirmed");

const skip = () => act(async (form) => {
  await ask("POST", `/api/skips/${path(form.dataset.film)}`, { version: version(form) });
  await show(nextOf(form));
}, "Skipped");

const back = () => history.state?.depth ? history.back() : say("This is the first film");

const undo = () => act(async (form) => {
  const { event, text } = await undoLast();
  if (!event) throw new Error(text);
  ahead.clear();
  decided.clear();
  await show(event.film ?? form?.dataset.film ?? "");
  return text;
}, "Undone");

// Where nothing is known of a film, the form stands open.
function edit(on) {
  const isUnnamed = $("reading").classList.contains("unnamed");
  $("edit").hidden = !on && !isUnnamed;
  $("reading").hidden = on && !isUnnamed;
  if (on) $("edit").elements.title.focus();
  else $("film-title").focus({ preventScroll: true });
}

const isTyped = () => [...card.querySelectorAll("#edit input, #edit textarea")]
  .some((field) => field.value !== field.defaultValue);

function sendText(review) {
  const { title, year, plot } = $("edit").elements;
  if (!year.checkValidity()) throw new Error("A year has four digits, such as 1954");
  const text = { title: title.value, plot: plot.value, year: year.value ? Number(year.value) : null };
  return ask("PATCH", `/api/films/${path(review.dataset.film)}`, { ...text, version: version(review) });
}

const save = () => act(async (review) => {
  await sendText(review);
  ahead.clear();
  await show(review.dataset.film, { step: "replace" });
}, "Saved");

const identify = (button) => act(async (form) => {
  const film = await known.answer(form, button.dataset.known);
  ahead.clear();
  await show(form.dataset.film, { step: "replace" });
  return film.identified?.film ? `It is ${film.identified.title}` : "It is none of these";
}, "");

const remove = () => act(async (form) => {
  await ask("DELETE", `/api/films/${path(form.dataset.film)}?version=${version(form)}`);
  decided.add(form.dataset.film);
  await show(nextOf(form));
}, "Deleted. Undo (z) brings it back.");

card.addEventListener("submit", (event) => {
  if (event.target.matches(".order")) return;
  event.preventDefault();
  if (event.target.id === "edit") return save();
  if (event.target.id === "search-known") return $("known-found").querySelector("button")?.click();
  const action = event.submitter?.value ?? "confirm";
  ({ undo, skip, confirm })[action]();
});

card.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.why) why.toggle(button.dataset.why);
  if (button?.matches(".candidate")) identify(button);
  const press = {
    back, poster: zoom.open, "help-open": () => help.showModal(),
    "edit-open": () => edit(true), "edit-close": () => edit(false),
    delete: () => window.confirm("Delete this film, with its review? Undo (z) brings it back.") && remove(),
  }[button?.id];
  if (press) press();
});
card.addEventListener("input", (event) => { if (event.target.id === "known-text") known.search(); });
card.addEventListener("change", (event) => {
  if (event.target.name === "genre") why.mark(event.target.value);
  if (event.target.id === "order") event.target.form.submit();
});
// The poster takes the height of the window, whatever its shape.
const shape = (image) => image.parentElement.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
card.addEventListener("load", (event) => { if (event.target.matches("#poster img")) shape(event.target); }, true);
for (const image of card.querySelectorAll("#poster img")) if (image.complete && image.naturalWidth) shape(image);
$("help-close").addEventListener("click", () => help.close());
addEventListener("popstate", () => {
  ahead.clear();
  const film = new URLSearchParams(location.search).get("film") ?? "";
  show(film, { step: "" }).catch((error) => say(error.message));
});

addEventListener("keydown", (event) => {
  const at = event.target;
  if (at.closest?.("#edit")) {
    if (event.key === "Escape") edit(false);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("edit").requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (at.id === "known-text" && event.key === "Escape") $("film-title").focus({ preventScroll: true });
  if (at.matches(TYPED)) return;
  const done = (what) => { event.preventDefault(); what(); };
  if (busy) return done(() => {});  // a letter now would be for a film that is about to go
  if (event.key === "?") return done(() => help.showModal());
  if (event.key === "z") return done(undo);
  if (!$("review")) return;
  if (event.key === "Enter" && !at.matches("button, a, summary")) return done(confirm);
  if (event.key === "ArrowRight") return done(skip);
  if (event.key === "ArrowLeft") return done(back);
  if (event.key === ".") return done(why.next);
  if (event.key === "," || event.key === "F2") return done(() => edit(true));
  if (event.key === "+" || event.key === "=") return done(zoom.open);
  if (event.key === "/" && $("known-text")) return done(() => $("known-text").focus());
  if (/^[0-5]$/.test(event.key) && known.ofDigit(event.key)) return done(() => identify(known.ofDigit(event.key)));
  if (!letters.checked) return;
  const box = card.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (box) done(() => { box.checked = !box.checked; why.mark(box.value); say(`${why.label(box.value)} ${box.checked ? "on" : "off"}`); });
});

zoom.prepare();
if ($("review")) history.replaceState({ depth: history.state?.depth ?? 0 }, "", address($("review").dataset.film));
ready();
