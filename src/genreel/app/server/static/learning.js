import { ask, say } from "./server.js";

function bind(id, path, nothing) {
  const button = document.getElementById(id);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { in_use } = await ask("POST", path);
      if (!in_use && nothing) say(nothing); else location.reload();
    } catch (error) { say(error.message); }
    button.disabled = false;
  });
}

bind("learn", "/api/learning", "Nothing was learnt: it did no better on the reviews held out");
bind("back", "/api/learning/back", "");
