// The grid of films: select, act on what is selected, undo.
import { act, undo } from "./batch.js";
import { Selection } from "./selection.js";
import { ask, films, reach, say } from "./server.js";
import { choose, prepare } from "./sure.js";

const $ = (id) => document.getElementById(id);
const wide = matchMedia("(min-width: 56rem)");
let busy = false;

// Filters stand open where there is room for them.
const follow = () => { if ($("facets")) $("facets").open = wide.matches; };
wide.addEventListener("change", follow);
follow();

const selection = $("films") && new Selection(({ size, cells }) => {
  const total = Number($("films").dataset.count);
  $("selection").hidden = size === 0;
  document.body.classList.toggle("with-bar", size > 0);
  $("selected").textContent = `${films(size)} selected`;
  const isMore = total > cells.length && size < Math.min(total, 10_000);
  $("select-all").hidden = !isMore;
  $("select-all").textContent = `Select all ${Math.min(total, 10_000).toLocaleString("en")}`;
});

// The page as the server has it now.
async function refresh() {
  const response = await reach(location.href);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.getElementById("films") || !selection) return location.reload();
  $("films").replaceWith(page.getElementById("films"));
  follow();
  selection.show();
}

async function busily(what) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  try { await what(); } catch (error) { say(error.message); } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

const doUndo = () => busily(async () => {
  const { text } = await undo();
  await refresh();
  say(text);
});

// What could not be changed stays selected.
const perform = (kind, versions, what) => busily(async () => {
  const { text, refused, number } = await act(kind, versions, what);
  const left = new Set(refused.map((one) => one.id));
  selection.versions = new Map([...selection.versions].filter(([id]) => left.has(id)));
  await refresh();
  for (const cell of selection.cells) if (selection.has(cell)) selection.set(cell, true);  // as it is now
  say(text, number ? { label: "Undo", run: doUndo } : undefined);
});

// A dialog of buttons; resolves to the value of the one that was pressed, or "".
function ask_in(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue), { once: true }));
}

async function genre(kind, title) {
  $("pick-genre-title").textContent = `${title} ${films(selection.size)}`;
  const value = await ask_in($("pick-genre"));
  if (value) perform(kind, selection.versions, { genres: [value] });
}

const ACTS = {
  accept: () => perform("accept", selection.versions),
  add: () => genre("add", "Add a genre to"),
  remove: () => genre("remove", "Remove a genre from"),
  async decade() {
    const value = await ask_in($("pick-decade"));
    if (value) perform("decade", selection.versions, { decade: Number(value) });
  },
  export() {
    $("export-films").value = [...selection.versions.keys()].join("\n");
    $("pick-format").showModal();
  },
  delete() {
    if (confirm(`Delete ${films(selection.size)}, with reviews? Undo (z) brings them back within 30 days.`)) {
      perform("delete", selection.versions);
    }
  },
};

async function sure() {
  const versions = await choose();
  if (versions) perform("accept", versions);
}

const selectAll = () => busily(async () => {
  selection.replace((await ask("GET", `/api/selection${location.search}`)).films);
});

function all() {
  const isWhole = selection.cells.every((cell) => selection.has(cell));
  if (isWhole && selection.size === selection.cells.length && !$("select-all").hidden) selectAll();
  else selection.page();
}

const KEYS = { a: "accept", "+": "add", "-": "remove", "−": "remove", d: "decade", e: "export", Delete: "delete", Backspace: "delete" };

addEventListener("keydown", (event) => {
  const dialog = document.querySelector("dialog[open]");
  if (dialog?.id === "pick-genre" && !event.ctrlKey) {
    dialog.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
  }
  if (dialog || !selection || event.altKey) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const done = (what) => { event.preventDefault(); what(); };
  if (event.key === "a" && (event.ctrlKey || event.metaKey)) return done(all);
  if (event.ctrlKey || event.metaKey) return;
  const cell = event.target.closest(".cell");
  if (event.key.startsWith("Arrow") && (cell || event.target === document.body || event.target.id === "main")) {
    return done(() => selection.go(event.key, event.shiftKey));
  }
  if (event.key === " " && cell && !event.target.matches(".pick")) {
    return done(() => event.shiftKey ? selection.extend(cell) : selection.toggle(cell));
  }
  if (event.key === "Escape") return selection.replace([]);
  if (event.key === "z") return done(doUndo);
  if (event.key === "s" && $("sure-open")) return done(sure);
  if (event.key === "?") return done(() => $("help").showModal());
  if (selection.size && KEYS[event.key]) done(ACTS[KEYS[event.key]]);
});

if (selection) {
  prepare();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.act) ACTS[button.dataset.act]();
    if (button?.id === "sure-open") sure();
    if (button?.id === "select-all") selectAll();
    if (button?.id === "select-none") selection.replace([]);
    if (button?.id === "format-close") $("pick-format").close();
  });
  $("pick-format").addEventListener("submit", () => setTimeout(() => $("pick-format").close()));
}
document.addEventListener("added", refresh);
