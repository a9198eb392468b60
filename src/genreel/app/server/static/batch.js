// Does the same to many films: in parts, which are undone as one.
import { ask, films, patiently, say } from "./server.js";

const PART = 500;
const PREDICTED_PART = 16;  // a film whose decade changes is predicted anew

// What a genre is called on this page.
export const label = (genre) =>
  document.querySelector(`#pick-genre [value="${CSS.escape(genre)}"] span`)?.textContent ?? genre;

const DONE = {
  accept: (number) => `${films(number)} accepted`,
  add: (number, { genres }) => `${label(genres[0])} added to ${films(number)}`,
  remove: (number, { genres }) => `${label(genres[0])} removed from ${films(number)}`,
  decade: (number, { decade }) => `${films(number)} moved to the ${decade}s`,
  delete: (number) => `${films(number)} deleted`,
};

// A name that no other batch has; `randomUUID` is only there over HTTPS.
const name = () => [...crypto.getRandomValues(new Uint8Array(16))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("");

// Returns the films that were refused: [{ id, detail }].
export async function act(kind, versions, what = {}) {
  const all = [...versions].map(([id, version]) => ({ id, version }));
  const size = kind === "decade" ? PREDICTED_PART : PART;
  const batch = name();
  let number = 0;
  const refused = [];
  for (let start = 0; start < all.length; start += size) {
    const part = all.slice(start, start + size);
    const answer = await patiently(() => ask("POST", "/api/batches", { act: kind, films: part, batch, ...what }));
    number += answer.done.length;
    refused.push(...answer.refused);
    const so_far = Math.min(start + size, all.length);
    if (so_far < all.length) say(`${so_far.toLocaleString("en")} of ${films(all.length)}`);
  }
  return { text: told(kind, number, all.length, refused, what), refused, number };
}

function told(kind, number, total, refused, what) {
  const parts = [DONE[kind](number, what)];
  const unchanged = total - number - refused.length;
  if (unchanged) parts.push(`${films(unchanged)} ${unchanged === 1 ? "was" : "were"} so already`);
  const reasons = Map.groupBy ? Map.groupBy(refused, (one) => one.detail) : new Map([["could not be changed", refused]]);
  for (const [reason, some] of reasons) if (some.length) parts.push(`${films(some.length)}: ${reason}`);
  return parts.join(". ");
}

const UNDONE = {
  review: "Review undone", accept: "Not accepted any more", verdicts: "Genres are as before",
  skip: "Skip undone", edit: "Text and year are as before", thresholds: "Thresholds undone", decide: "Decision undone", views: "Saved views are as before",
  delete: "Back from the trash", identify: "Answer undone",
};

// Returns the event that was undone, or null; a text says what.
export async function undo() {
  const { undone } = await ask("POST", "/api/undo");
  if (!undone) return { event: null, text: "There is nothing to undo" };
  const number = undone.films > 1 ? `, ${films(undone.films)}` : "";
  return { event: undone, text: `${UNDONE[undone.kind] ?? "Undone"}${number}` };
}
