// Sliders that say what they would change; only Apply writes.
import { ask, say } from "./server.js";

const form = document.getElementById("thresholds");
const apply = document.getElementById("apply");
const change = document.getElementById("change");
const promise = document.getElementById("promise");
const sliders = [...form.querySelectorAll(".sliders input")];
let timer, last = 0;

// As numbers: a browser writes the value of a slider at 0.40 as "0.4".
const isMoved = (slider) => Number(slider.value) !== Number(slider.defaultValue);
const moved = () => Object.fromEntries(sliders.filter(isMoved).map((s) => [s.name, Number(s.value)]));

function label(slider) {
  slider.parentElement.querySelector("output").textContent = Number(slider.value).toFixed(2);
  slider.closest("li").classList.toggle("moved", isMoved(slider));
}

async function preview() {
  const number = ++last;
  const thresholds = moved();
  const said = await ask("POST", "/api/thresholds/preview", { thresholds });
  if (number !== last) return;
  for (const [genre, count] of Object.entries(said.genres)) {
    form.querySelector(`[data-count="${CSS.escape(genre)}"]`).textContent = count === 1 ? "1 film" : `${count} films`;
  }
  change.textContent = said.changed === 0 ? "No film changes" : said.changed === 1 ? "1 film changes" : `${said.changed} films change`;
  apply.disabled = !Object.keys(thresholds).length;
}

const soon = (what) => { clearTimeout(timer); timer = setTimeout(() => what().catch((e) => say(e.message)), 120); };

form.addEventListener("input", (event) => {
  if (event.target === promise) {
    document.getElementById("promised").textContent = promise.value;
    return soon(async () => {
      const number = ++last;
      const { thresholds } = await ask("GET", `/api/thresholds/promise?precision=${promise.value / 100}`);
      if (number !== last) return;
      const kept = sliders.filter((slider) => thresholds[slider.name] !== null);
      for (const slider of sliders) {
        const promised = thresholds[slider.name];
        slider.value = promised === null ? slider.defaultValue : Math.ceil(promised * 100) / 100;
        label(slider);
      }
      document.getElementById("vouched").textContent = kept.length === sliders.length ? ""
        : `Reviews can vouch for ${kept.length} of ${sliders.length} genres; the others stay as they are.`;
      await preview();
    });
  }
  label(event.target);
  soon(preview);
});
form.addEventListener("reset", () => {
  clearTimeout(timer);
  last += 1;  // what was asked for is not waited for
  setTimeout(() => {
    sliders.forEach(label);
    document.getElementById("vouched").textContent = "";
    document.getElementById("promised").textContent = promise.value;
    preview().catch((error) => say(error.message));
  });
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const { changed } = await ask("PUT", "/api/thresholds", { thresholds: moved() });
    for (const slider of sliders) { slider.defaultValue = slider.value; label(slider); }
    await preview();
    say(`Applied: ${changed} ${changed === 1 ? "film" : "films"} changed`);
  } catch (error) { say(error.message); }
});
document.getElementById("undo").addEventListener("click", async () => {
  try {
    const { events } = await ask("GET", "/api/history?limit=200");  // also what was learnt since
    const undone = new Set(events.map((event) => event.undoes));
    const last = events.find((event) => event.source === "person" && event.kind !== "undo" && !undone.has(event.id));
    if (!["thresholds", "decide"].includes(last?.kind)) return say("The last change was not to thresholds");
    await ask("POST", "/api/undo");
    location.reload();
  } catch (error) { say(error.message); }
});
