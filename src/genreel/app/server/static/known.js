// Which known film it is: candidates by digits, and a search over the index.
import { ask, path, patiently } from "./server.js";

const $ = (id) => document.getElementById(id);
let timer, last = 0;

// Sends the answer; an empty `known` says that it is none of the index.
export function answer(form, known) {
  const body = { film: known || null, version: Number(form.dataset.version) };
  return patiently(() => ask("PUT", `/api/identity/${path(form.dataset.film)}`, body));
}

export const ofDigit = (digit) => document.querySelector(`.candidate[data-digit="${digit}"]`);

export function search() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const number = ++last;
    const place = $("known-found"), text = $("known-text").value.trim();
    const films = text ? (await ask("GET", `/api/known?limit=6&q=${encodeURIComponent(text)}`)).films : [];
    if (number === last && place.isConnected) place.replaceChildren(...films.map(entry));
  }, 150);
}

function entry({ film, title, year, genres }) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "candidate";
  button.dataset.known = film;
  const name = document.createElement("bdi");
  name.textContent = title;
  const rest = document.createElement("span");
  rest.className = "year";
  rest.textContent = [year, genres.join(", ")].filter(Boolean).join(" · ");
  button.append(name, rest);
  item.append(button);
  return item;
}
