// Asking the server, and telling the person.

export async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (response.ok) return response.status === 204 ? null : response.json();
  throw await failure(response);
}

export async function failure(response) {
  let detail = response.statusText;
  try { detail = (await response.json()).detail; } catch { /* no problem details */ }
  const error = new Error(detail);
  error.status = response.status;
  error.retryAfter = Number(response.headers.get("Retry-After")) || 1;
  return error;
}

let timer;
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = text;
  place.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => place.classList.remove("shown"), 4000);
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// An id may hold slashes, which the path keeps.
export const path = (id) => id.split("/").map(encodeURIComponent).join("/");
