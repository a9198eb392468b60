// Sends tables first, so that posters find their films; then posters, a few at a time.
import { ask, failure, patiently, reach } from "./server.js";

const AT_ONCE = 3;
const MOST_BYTES = 16 * 2 ** 20;  // of a request with several
const POSTERS = 4;  // of a request
const SHOWN_ERRORS = 200;
const TABLE = /\.(csv|jsonl|parquet)$/i;
const $ = (id) => document.getElementById(id);
const queue = [];
let total = 0, done = 0, added = 0, failed = 0, running = 0, rows = 0, tables = 0;

function show() {
  $("work").hidden = false;
  $("bar").max = total || 1;
  $("bar").value = done;
  const parts = [`${done} of ${total} files`];
  if (rows) parts.push(`${rows} rows`);
  parts.push(`${added} new films`);
  if (failed) parts.push(`${failed} failed`);
  $("counts").textContent = parts.join(" · ");
  const idle = done === total;
  $("work-title").textContent = idle ? "Added" : "Adding";
  $("done").hidden = !idle;
  if (idle) document.dispatchEvent(new CustomEvent("added"));
}

function fail(name, why) {
  failed += 1;
  $("failures").hidden = false;
  if (failed > SHOWN_ERRORS) return;
  const item = document.createElement("li");
  const strong = document.createElement("strong");
  strong.textContent = name;
  item.append(strong, " ", why.replace(`${name}: `, ""));
  $("errors").append(item);
}

function result(one) {
  if (one.error) fail(one.name, one.error);
  if (one.new) added += 1;
}

async function sendTable(file) {
  const form = new FormData();
  form.append("file", file);
  const response = await reach("/api/films/table", { method: "POST", body: form });
  if (!response.ok) throw await failure(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done: end } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop();
    for (const line of lines) { rows += 1; result(JSON.parse(line)); }
    show();
    if (end) return;
  }
}

async function sendPosters(files) {
  const form = new FormData();
  for (const file of files) form.append("file", file);
  const answer = await patiently(() => ask("POST", "/api/films/files", form));
  answer.added.forEach(result);
}

// How many posters go together: few enough that all senders have some, and no request is large.
function share() {
  let bytes = 0, number = 0;
  while (number < Math.min(POSTERS, Math.ceil(queue.length / AT_ONCE))) {
    bytes += queue[number].size;
    if (number && bytes > MOST_BYTES) break;
    number += 1;
  }
  return number;
}

async function work() {
  while (queue.length && running < AT_ONCE) {
    if (tables && !TABLE.test(queue[0].name)) return;  // films first, then their posters
    const isTable = TABLE.test(queue[0].name);
    const files = queue.splice(0, isTable ? 1 : share());
    running += 1;
    tables += isTable;
    (isTable ? sendTable(files[0]) : sendPosters(files))
      .catch((error) => files.forEach((file) => fail(file.name, error.message)))
      .finally(() => { running -= 1; tables -= isTable; done += files.length; show(); work(); });
  }
}

// Whether files are being sent, which leaving the page would stop.
export const isBusy = () => done < total;

export function take(files) {
  if (!files.length) return;
  total += files.length;
  queue.push(...files);
  queue.sort((a, b) => TABLE.test(b.name) - TABLE.test(a.name));
  show();
  work();
}

// Folders that are dropped are walked.
async function walked(items) {
  const files = [];
  async function walk(entry) {
    if (entry.isFile) files.push(await new Promise((ok, no) => entry.file(ok, no)));
    else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((ok, no) => reader.readEntries(ok, no));
        if (!some.length) break;
        for (const one of some) await walk(one);
      }
    }
  }
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  for (const entry of entries) await walk(entry);
  return files.filter((file) => /\.(jpe?g|png|webp|gif|csv|jsonl|parquet)$/i.test(file.name) || entries.length === 1);
}

export async function takeDrop(data) {
  const plain = [...data.files];
  const files = await walked(data.items ?? []);
  take(files.length ? files : plain);
}
