// Teaching a genre: a poster, yes or no by click and key; the genre learns meanwhile.
import { ask, path, pause, say } from "./server.js";

const teaching = document.getElementById("teaching");
const cards = teaching ? [...teaching.querySelectorAll(".suggestions li")] : [];
const genre = teaching?.dataset.genre;
let waiting = false;

const isOpen = (card) => !card.classList.contains("answered");
const current = () => cards.find((card) => card.classList.contains("current"));

function look(card) {
  current()?.classList.remove("current");
  if (!card) return;
  card.classList.add("current");
  card.querySelector("a").focus();
}

function mark(card, verdict) {
  card.classList.toggle("answered", verdict !== undefined);
  for (const button of card.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === verdict));
  }
}

async function answer(card, verdict) {
  const [film, version] = ["film", "version"].map((name) => card.querySelector(`[name=${name}]`));
  const next = cards.slice(cards.indexOf(card) + 1).find(isOpen) ?? cards.find((one) => one !== card && isOpen(one));
  mark(card, verdict);
  look(next ?? card);
  try {
    const body = { film: film.value, verdict: verdict === "yes", version: Number(version.value) };
    const said = await ask("PUT", `/api/genres/${path(genre)}/answers`, body);
    version.value = said.version;
    say(`${card.dataset.name}: ${verdict}`, { label: "Undo", run: undo });
    await learnt();
  } catch (error) {
    mark(card, undefined);
    look(card);
    say(error.message);
  }
}

async function undo() {
  const { events } = await ask("GET", "/api/history?limit=200");
  const undone = new Set(events.map((event) => event.undoes));
  const last = events.find((event) => event.source === "person" && event.kind !== "undo" && !undone.has(event.id));
  if (!["genre", "verdicts"].includes(last?.kind)) return say("The last change was not to genres");
  await ask("POST", "/api/undo");
  const card = cards.find((one) => one.dataset.film === last.film);
  if (last.kind === "genre" || !card) return location.reload();
  card.querySelector("[name=version]").value = (await ask("GET", `/api/films/${path(last.film)}`)).version;
  mark(card, undefined);
  look(card);
  say(`${card.dataset.name}: undone`);
  await learnt();
}

// What genres have learnt follows on the page; when all was answered, there are other films to ask about.
async function learnt() {
  if (waiting) return;
  waiting = true;
  try {
    for (;;) {
      const now = await ask("GET", "/api/genres");
      const busy = document.getElementById("busy");
      if (busy) busy.hidden = !now.learning;
      for (const one of now.genres.filter((each) => each.own)) {
        for (const name of ["worth", "yes", "no"]) {
          for (const place of document.querySelectorAll(`[data-${name}="${CSS.escape(one.genre)}"]`)) place.textContent = one[name];
        }
      }
      if (!now.learning || await isTold()) break;
      await pause(700);
    }
  } finally { waiting = false; }
  if (teaching && !cards.some(isOpen)) location.assign(`/genres?teach=${encodeURIComponent(genre)}`);
}

// Whether there are films to ask about, where the page has none yet: the rest is read meanwhile.
async function isTold() {
  if (!teaching || cards.length) return false;
  const { surest } = await ask("GET", `/api/genres/${path(genre)}/suggestions?count=1`);
  return surest.length > 0;
}

const fails = (error) => say(error.message);

teaching?.addEventListener("submit", (event) => {
  const card = event.target.closest("li");
  if (!card) return;
  event.preventDefault();
  look(card);
  answer(card, event.submitter.value);
});
teaching?.addEventListener("focusin", (event) => {
  const card = event.target.closest("li");
  if (card && card !== current()) { current()?.classList.remove("current"); card.classList.add("current"); }
});
document.getElementById("undo")?.addEventListener("click", (event) => {
  event.preventDefault();
  undo().catch(fails);
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "z") { event.preventDefault(); undo().catch(fails); return; }
  if (!cards.length) return;
  const card = current() ?? cards[0];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) look(cards[cards.indexOf(card) + step] ?? card);
  else if (event.key === "y") answer(card, "yes");
  else if (event.key === "n") answer(card, "no");
  else return;
  event.preventDefault();
});

cards[0]?.classList.add("current");
if (teaching && !document.getElementById("busy").hidden) learnt().catch(fails);
