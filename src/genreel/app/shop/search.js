// Searches the titles, genres and years of the shop. Without it, the page's lists lead everywhere.
const plain = text => String(text).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const field = document.getElementById("q");
const results = document.getElementById("results");
const status = document.getElementById("status");
const texts = POSTERS.map(([name, year, , , genres]) =>
  plain([name, year ?? "", year ? Math.floor(year / 10) * 10 + "s" : "", ...genres].join(" ")));
const MOST = 60;

function element(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

function card([name, year, path, picture, genres, price]) {
  const frame = element("span", { class: "frame" });
  if (picture) frame.append(element("img", { src: picture, alt: "", loading: "lazy", width: 240, height: 360 }));
  else frame.append(element("span", { class: "noposter", "aria-hidden": "true" }, name));
  const title = element("span", { class: "name", dir: "auto" }, name);
  const facts = element("span", { class: "facts" }, [year, genres[0]].filter(Boolean).join(" · "));
  const link = element("a", { class: "card", href: path }, frame, title, facts);
  if (price) link.append(element("span", { class: "price" }, price));
  return element("li", {}, link);
}

function search() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  const hits = words.length ? POSTERS.filter((_, at) => words.every(word => texts[at].includes(word))) : [];
  results.replaceChildren(...hits.slice(0, MOST).map(card));
  if (!words.length) status.textContent = "";
  else if (!hits.length) status.textContent = "No poster fits. Try a shorter word, or the lists below.";
  else if (hits.length > MOST) status.textContent = `${hits.length} posters, the first ${MOST} of them. Another word narrows them.`;
  else status.textContent = hits.length === 1 ? "1 poster" : `${hits.length} posters`;
  if (!location.protocol.startsWith("http")) return; // a file's address cannot be changed
  const address = new URL(location.href);
  if (field.value) address.searchParams.set("q", field.value);
  else address.searchParams.delete("q");
  history.replaceState(null, "", address);
}

field.value = new URLSearchParams(location.search).get("q") ?? "";
field.form.addEventListener("submit", event => { event.preventDefault(); search(); });
field.addEventListener("input", search);
search();
