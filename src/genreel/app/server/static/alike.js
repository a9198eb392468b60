// More like this: films of the store with a plot or poster like that of the film that is shown.
import { ask, path, pause } from "./server.js";

const $ = (id) => document.getElementById(id);
const PATIENCE = 2000;  // milliseconds until the server is asked again

function picture(film) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const name = film.title || film.id;
  link.href = `/review?film=${encodeURIComponent(film.id)}`;
  const image = film.poster ? new Image(64, 96) : document.createElement("span");
  if (film.poster) {
    image.src = film.poster.small;
    image.alt = "";
  } else image.className = "noposter";
  const text = document.createElement("span");
  text.dir = "auto";
  text.textContent = film.year ? `${name} (${film.year})` : name;
  link.append(image, text);
  item.append(link);
  return item;
}

// Fills the list of the film that is shown, once it is open.
export async function show() {
  const place = $("alike");
  const film = $("review")?.dataset.film;
  while (place?.isConnected && place.open) {
    const answer = await ask("GET", `/api/similar/${path(film)}`);
    if (!place.isConnected) return;
    $("alike-films").replaceChildren(...answer.films.map(picture));
    $("alike-state").textContent = !answer.ready ? "Films are being compared; this goes on by itself."
      : answer.films.length ? "" : "No other film has a plot or a poster to compare.";
    $("alike-state").hidden = answer.ready && answer.films.length > 0;
    if (answer.ready) return;
    await pause(PATIENCE);
  }
}

// A list that was open stays open with the next film.
export function prepare() {
  const place = $("alike");
  if (!place) return;
  place.open = localStorage.getItem("alike") === "open";
  place.addEventListener("toggle", () => {
    localStorage.setItem("alike", place.open ? "open" : "");
    show().catch(() => {});  // it is a help, not a need
  });
}
