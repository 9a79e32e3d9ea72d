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

// Pictures of all cameras in one request after the other, at most five a second: the next is asked for when the last has come.
async function follow() {
  let after = 0;
  for (;;) {
    const began = performance.now();
    try {
      const answer = await (await fetch(`/mosaic?after=${after}`)).json();
      after = answer.position;
      await Promise.all(Object.entries(answer.pictures).map(([camera, picture]) => put(camera, picture)));
    } catch {
      await pause(2000);
    }
    await pause(Math.max(0, 200 - (performance.now() - began)));
  }
}
async function put(camera, picture) {
  const image = document.querySelector(`img[data-camera="${CSS.escape(camera)}"]`);
  if (!image) return;
  const address = URL.createObjectURL(new Blob([Uint8Array.from(atob(picture), (one) => one.charCodeAt(0))], { type: "image/jpeg" }));
  await new Promise((shown) => {
    image.onload = image.onerror = shown;
    image.src = address;
  });
  URL.revokeObjectURL(address);
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
if (document.querySelector("img[data-camera]")) follow();

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
    label?.classList.toggle("warn", status.unwell.includes(camera));
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
