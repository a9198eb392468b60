// The poster as large as the window allows; a click or + shows every pixel of it.
const $ = (id) => document.getElementById(id);

export function open() {
  const small = $("poster")?.querySelector("img");
  if (!small) return;
  const image = $("zoomed");
  image.alt = small.alt;
  image.src = small.src;  // at once; then the one with all pixels
  const full = new Image();
  full.addEventListener("load", () => { if ($("zoom").open) image.src = full.src; });
  full.src = small.dataset.full;
  $("zoom-area").classList.remove("whole");
  $("zoom").showModal();
  $("zoom-area").focus();
}

// Changes between the whole poster and all its pixels, around a point of it.
function resize(x = 0.5, y = 0.5) {
  const area = $("zoom-area");
  area.classList.toggle("whole");
  area.scrollTo(x * area.scrollWidth - area.clientWidth / 2, y * area.scrollHeight - area.clientHeight / 2);
}

export function prepare() {
  $("zoom-close").addEventListener("click", () => $("zoom").close());
  $("zoom-area").addEventListener("click", (event) => {
    if (event.target !== $("zoomed")) return $("zoom").close();
    const box = event.target.getBoundingClientRect();
    resize((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  });
  $("zoom").addEventListener("keydown", (event) => {
    if ("+-= ".includes(event.key)) { event.preventDefault(); resize(); }
    if (event.key === "z") $("zoom").close();
  });
}
