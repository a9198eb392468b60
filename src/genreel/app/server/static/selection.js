// Which films are selected: by clicks, Shift, Ctrl, dragging and keys. Ids and versions are kept,
// so that films of other pages can be selected, too.
const MOVED = 6;  // pixels from which a press is a drag

export class Selection {
  #from = null;

  constructor(onChange) {
    this.versions = new Map();
    this.onChange = onChange;
    document.addEventListener("click", (event) => this.#click(event), true);
    document.addEventListener("pointerdown", (event) => this.#press(event));
  }

  get size() { return this.versions.size; }
  get cells() { return [...document.querySelectorAll("#grid .cell")]; }
  has(cell) { return this.versions.has(cell.dataset.id); }

  set(cell, on) {
    if (on) this.versions.set(cell.dataset.id, Number(cell.dataset.version));
    else this.versions.delete(cell.dataset.id);
  }

  // Shows what is selected; to be called after the grid was drawn anew, too.
  show() {
    for (const cell of this.cells) {
      cell.classList.toggle("picked", this.has(cell));
      cell.querySelector(".pick").checked = this.has(cell);
    }
    document.body.classList.toggle("picking", this.size > 0);
    this.onChange(this);
  }

  replace(pairs) {
    this.versions = new Map(pairs);
    this.show();
  }

  toggle(cell) {
    this.set(cell, !this.has(cell));
    this.#from = cell.dataset.id;
    this.show();
  }

  // All between the film that was selected last and this one.
  extend(cell) {
    const cells = this.cells;
    const from = cells.findIndex((one) => one.dataset.id === this.#from);
    const to = cells.indexOf(cell);
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    for (const one of cells.slice(first, last + 1)) this.set(one, true);
    if (from < 0) this.#from = cell.dataset.id;
    this.show();
  }

  page() {
    for (const cell of this.cells) this.set(cell, true);
    this.show();
  }

  // Goes to another film by an arrow key.
  go(key, extend) {
    const cells = this.cells;
    const at = cells.indexOf(document.activeElement?.closest?.(".cell"));
    const columns = cells.filter((cell) => cell.offsetTop === cells[0]?.offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
    const next = cells[at < 0 ? 0 : at + step];
    if (!next) return;
    if (extend && at >= 0) {
      if (!this.#from || !this.size) this.toggle(cells[at]);
      this.extend(next);
    }
    next.querySelector(".card").focus();
    next.scrollIntoView({ block: "nearest" });
  }

  // A click on the circle selects; once something is selected, so does one on a film.
  #click(event) {
    const cell = event.target.closest?.("#grid .cell");
    if (!cell) return;
    const isPick = event.target.matches(".pick");
    if (this.#isDragged) {
      this.#isDragged = false;
      event.preventDefault();
      return;
    }
    if (!isPick && !this.size && !event.shiftKey && !event.ctrlKey && !event.metaKey) return;
    if (!isPick || event.shiftKey) event.preventDefault();
    if (event.shiftKey) this.extend(cell);
    else this.toggle(cell);
    setTimeout(() => this.show());  // a checkbox goes back after a click that was prevented
  }

  #isDragged = false;
  #press(event) {
    this.#isDragged = false;
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    if (!event.target.closest(".grid")) return;
    const start = { x: event.pageX, y: event.pageY };
    const base = event.ctrlKey || event.metaKey || event.shiftKey ? [...this.versions] : [];
    const band = document.createElement("div");
    band.className = "band";
    const move = (now) => {
      const [left, right] = [start.x, now.pageX].sort((a, b) => a - b);
      const [top, bottom] = [start.y, now.pageY].sort((a, b) => a - b);
      if (!this.#isDragged && right - left < MOVED && bottom - top < MOVED) return;
      if (!this.#isDragged) document.body.append(band);
      this.#isDragged = true;
      Object.assign(band.style, {
        left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px`,
      });
      this.versions = new Map(base);
      for (const cell of this.cells) {
        const box = cell.getBoundingClientRect();
        const x = box.left + scrollX, y = box.top + scrollY;
        if (x < right && x + box.width > left && y < bottom && y + box.height > top) this.set(cell, true);
      }
      this.show();
    };
    const stop = () => {
      removeEventListener("pointermove", move);
      band.remove();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop, { once: true });
    addEventListener("pointercancel", stop, { once: true });
  }
}
