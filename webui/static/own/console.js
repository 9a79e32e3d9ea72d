// The console's live parts. A reload loses nothing: the page embeds the ledger position it starts after, and the server
// holds all state. Nothing here decides anything: keys open a choice and press its button, as a finger would.

const byId = (id) => document.getElementById(id);
const alertArea = byId("alert");

// Night and sunlight.
const theme = byId("theme");
function paint(name) {
  document.documentElement.dataset.theme = name;
  theme.textContent = name === "night" ? "Sunlight" : "Night";
}
paint(localStorage.getItem("theme") === "sunlight" ? "sunlight" : "night");
theme.hidden = false;
theme.addEventListener("click", () => {
  const next = document.documentElement.dataset.theme === "night" ? "sunlight" : "night";
  localStorage.setItem("theme", next);
  paint(next);
});

// Pictures: the next one is asked for when the last has come, at most five a second.
async function follow(image) {
  let after = -1;
  for (;;) {
    const began = performance.now();
    try {
      const answer = await fetch(`/cameras/${image.dataset.camera}.jpg?after=${after}`);
      if (answer.status === 200) {
        after = Number(answer.headers.get("X-Frame"));
        const address = URL.createObjectURL(await answer.blob());
        await new Promise((shown) => {
          image.onload = image.onerror = shown;
          image.src = address;
        });
        URL.revokeObjectURL(address);
      } else {
        await pause(1000);
      }
    } catch {
      await pause(2000);
    }
    await pause(Math.max(0, 200 - (performance.now() - began)));
  }
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
document.querySelectorAll("img[data-camera]").forEach(follow);

// Events.
const waitsForDecision = () => Boolean(alertArea?.querySelector('[data-open="yes"]'));
async function fillAlert() {
  if (!alertArea || location.pathname !== "/live" || waitsForDecision()) return;
  const answer = await fetch("/live/alert");
  if (!answer.ok || waitsForDecision()) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  alertArea.replaceChildren(...page.body.childNodes);
}
function show(status) {
  const state = byId("state");
  if (state.dataset.state !== status.state && location.pathname !== "/alerts") {
    const busy = waitsForDecision() || document.querySelector("details[open]");
    if (!busy) location.reload();
  }
  byId("left").textContent = status.left;
  for (const name of ["passages", "alerts", "open"]) byId(name).textContent = status[name];
  for (const [camera, health] of Object.entries(status.cameras)) {
    const label = document.querySelector(`[data-health="${CSS.escape(camera)}"]`);
    if (label) label.textContent = health;
  }
  if (status.open > 0) fillAlert();
}
const events = new EventSource(`/events?after=${document.body.dataset.position}`);
events.addEventListener("status", (event) => show(JSON.parse(event.data)));
events.addEventListener("happened", (event) => {
  const { type } = JSON.parse(event.data);
  if (type === "alert.raised") fillAlert();
});
events.onerror = () => (byId("left").textContent = "no contact");
events.onopen = () => document.body.classList.add("live");
addEventListener("pagehide", () => events.close());

// Keys: E N L ? open a decision, then a number presses one of its reasons.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.("input, textarea, select")) return;
  const chosen = document.querySelector(`.decision[data-key="${CSS.escape(event.key.toUpperCase())}"]`);
  if (chosen) {
    document.querySelectorAll(".decision").forEach((one) => (one.open = one === chosen));
    chosen.querySelector("summary").focus();
    chosen.scrollIntoView({ block: "nearest" }); // its reasons must be in sight: they are what the next key presses
    event.preventDefault();
    return;
  }
  if (/^[1-9]$/.test(event.key)) {
    const reason = document.querySelector(`.decision[open] button:nth-of-type(${event.key})`);
    if (reason) {
      event.preventDefault();
      reason.click();
    }
  }
});
