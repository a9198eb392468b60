import { refuseDrops } from "./server.js";

refuseDrops();

// Filters stand open where there is room for them.
const facets = document.getElementById("facets");
const wide = matchMedia("(min-width: 56rem)");
const follow = () => { if (facets) facets.open = wide.matches; };
wide.addEventListener("change", follow);
follow();
