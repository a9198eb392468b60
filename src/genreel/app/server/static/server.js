// Asking the server, and telling the person.

export async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await reach(path, options, ONCE.includes(path));
  if (response.ok) return response.status === 204 ? null : response.json();
  throw await failure(response);
}

// What must not be done twice, where nobody knows whether it was done.
const ONCE = ["/api/undo", "/api/learning/back"];

// A server that is gone is waited for; then it is asked again.
export async function reach(path, options = {}, once = false) {
  for (;;) {
    try { return await fetch(path, options); } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const back = untilBack();
      if (once) throw new Error("Not done: genreel does not answer. Try again when it is back.");
      await back;
    }
  }
}

let waiting;
function untilBack() {
  waiting ??= (async () => {
    document.getElementById("gone").hidden = false;
    for (;;) {
      await pause(2000);
      try { await fetch("/health/live"); break; } catch { /* not yet */ }
    }
    document.getElementById("gone").hidden = true;
    waiting = undefined;
    say("genreel answers again");
  })();
  return waiting;
}

// Asks again where the server has too much to do, or is stopping.
export async function patiently(send) {
  for (;;) {
    try { return await send(); } catch (error) {
      if (error.status !== 429 && error.status !== 503) throw error;
      await pause(error.retryAfter * 1000);
    }
  }
}

export async function failure(response) {
  let detail = response.statusText;
  try { detail = (await response.json()).detail; } catch { /* no problem details */ }
  const error = new Error(detail);
  error.status = response.status;
  error.retryAfter = Number(response.headers.get("Retry-After")) || 1;
  return error;
}

// Tells the person; `action` is { label, run } of a button beside it.
let timer;
export function say(text, action) {
  const place = document.getElementById("said");
  place.textContent = text;
  place.classList.toggle("with-button", Boolean(action));
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action.label;
    button.addEventListener("click", () => { place.classList.remove("shown"); action.run(); });
    place.append(" ", button);
  }
  place.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => place.classList.remove("shown"), action ? 12000 : 4000);
}

export const films = (number) => number === 1 ? "1 film" : `${number.toLocaleString("en")} films`;

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// An id may hold slashes, which the path keeps.
export const path = (id) => id.split("/").map(encodeURIComponent).join("/");
