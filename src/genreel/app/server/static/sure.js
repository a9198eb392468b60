// Accepts all films that are sure enough, after showing which these are.
import { label } from "./batch.js";
import { ask, films } from "./server.js";

const $ = (id) => document.getElementById(id);
const LEAST = 14;
let versions = [], timer, last = 0;

function address(share) {
  const query = new URLSearchParams(location.search);
  for (const name of ["sure", "offset", "order"]) query.delete(name);
  query.set("sure", share);
  return query;
}

async function look() {
  const number = ++last;
  const percent = Number($("sure-share").value);
  const query = address(percent / 100);
  $("sure-show").href = `/?${query}`;
  const least = new URLSearchParams(query);
  least.set("order", "unsure");
  least.set("limit", LEAST);
  const [all, some] = await Promise.all([ask("GET", `/api/selection?${query}`), ask("GET", `/api/films?${least}`)]);
  if (number !== last) return;
  versions = all.films;
  const wrong = Math.round(all.labels - all.right);
  $("sure-count").textContent = versions.length
    ? `${films(versions.length)} with ${all.labels.toLocaleString("en")} genres; about ${wrong.toLocaleString("en")} of these will be wrong.`
    : "No film is as sure as that. Lower the share, or review films one by one.";
  $("sure-genres").replaceChildren(...Object.entries(all.genres).map(([genre, count]) => chip(`${label(genre)} ${count}`)));
  $("sure-least").hidden = !versions.length;
  $("sure-films").replaceChildren(...some.films.map(picture));
  $("sure-accept").disabled = !versions.length;
  $("sure-accept").textContent = versions.length ? `Accept ${films(versions.length)}` : "Accept";
}

function chip(text) {
  const one = document.createElement("span");
  one.textContent = text;
  return one;
}

function picture(film) {
  const item = document.createElement("li");
  const image = film.poster ? new Image(80, 120) : chip("");
  if (film.poster) {
    image.src = film.poster.small;
    image.alt = film.title || film.id;
  } else image.className = "noposter";
  const genres = chip(film.genres.map(label).join(", "));
  item.append(image, genres);
  return item;
}

// Shows the dialog; resolves to the films to accept: [[id, version]], or null.
export function choose() {
  const dialog = $("sure");
  dialog.returnValue = "";
  dialog.showModal();
  look();
  return new Promise((done) => dialog.addEventListener("close", () => {
    done(dialog.returnValue === "accept" ? versions : null);
  }, { once: true }));
}

export function prepare() {
  $("sure-share").addEventListener("input", () => {
    $("sure-percent").textContent = $("sure-share").value;
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });
}
