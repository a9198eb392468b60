// On every page: files may be dropped, and what needs this script is shown.
import { isBusy, take, takeDrop } from "./upload.js";

const $ = (id) => document.getElementById(id);
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
const over = (on) => document.body.classList.toggle("dropping", on);

document.documentElement.classList.add("scripted");
for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(true);
  });
}
addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  over(false);
  takeDrop(event.dataTransfer);
});
addEventListener("beforeunload", (event) => { if (isBusy()) event.preventDefault(); });
$("files")?.addEventListener("change", (event) => { take([...event.target.files]); event.target.value = ""; });
$("work-close").addEventListener("click", () => { $("work").hidden = true; });
