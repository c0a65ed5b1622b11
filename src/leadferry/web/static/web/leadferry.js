// What a page does beyond links and forms; it works without this file too.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-toggle]");
  if (!button) return;
  const root = document.documentElement;
  const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", theme);
  localStorage.setItem("leadferry-theme", theme);
  const body = new FormData(document.querySelector("[data-signs-out]"));
  body.set("theme", theme);
  fetch(button.dataset.themeToggle, { method: "POST", body, keepalive: true });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.focus();
});

// A form with changes: its buttons appear, and leaving asks.
for (const form of document.querySelectorAll("form[data-guarded]")) {
  const buttons = form.querySelector(".guarded-buttons");
  const hasErrors = form.querySelector(".field-error") !== null;
  let changed = hasErrors || "changed" in form.dataset;
  buttons.hidden = !changed;
  form.addEventListener("input", (event) => {
    if (!event.target.name) return;
    changed = true;
    buttons.hidden = false;
  });
  // What was changed in a dialog or by the server's answer, no input tells.
  form.addEventListener("leadferry:changed", () => {
    changed = true;
    buttons.hidden = false;
  });
  form.addEventListener("submit", () => {
    changed = false;
  });
  form.querySelector("[data-leave]").addEventListener("click", () => {
    changed = false;
  });
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

// A long table or list is narrowed to the rows that have what is typed.
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-narrows]");
  if (!field) return;
  const words = field.value.toLocaleLowerCase().split(/\s+/);
  const list = document.getElementById(field.dataset.narrows);
  let shown = 0;
  for (const row of list.tBodies?.[0].rows ?? list.querySelectorAll("[data-narrowable]")) {
    const name = (row.cells?.[0] ?? row).textContent.toLocaleLowerCase();
    row.hidden = !words.every((word) => name.includes(word));
    shown += !row.hidden;
  }
  field.parentElement.querySelector("[data-narrowed]").hidden = shown > 0;
});

// One box ticks all others of the same name.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.ticks;
  if (!name) return;
  for (const box of event.target.form.elements) {
    if (box.name === name) box.checked = event.target.checked;
  }
});

// The wizard: a dialog over the list, and LinkedIn in a window of its own.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "wizard") return;
  const dialog = event.target.closest("dialog");
  if (dialog && !dialog.open) dialog.showModal();
  event.target.querySelector("input, select, button, a")?.focus();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // A page that says what is wrong is shown, too.
  if (event.target.id === "wizard" && [409, 422, 502].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-closes-dialog]")?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-popup]");
  if (!form) return;
  const opened = window.open("", form.dataset.popup, "popup,width=560,height=720");
  // Blocked: LinkedIn opens in this tab, and its way back leads on from there.
  if (!opened) return;
  form.target = form.dataset.popup;
  form.parentElement.querySelector("[data-popup-waits]").hidden = false;
});
const signIns = new BroadcastChannel("leadferry-sign-in");
const signedIn = document.querySelector("[data-signed-in]");
signIns.addEventListener("message", ({ data }) => {
  const form = document.querySelector("form[data-popup]");
  if (data.user && form) {
    const next = form.dataset.next.replace(/0$/, data.user);
    htmx.ajax("GET", next, { target: "#wizard", swap: "innerHTML" });
    signIns.postMessage({ taken: data.user });
  } else if (data.taken && data.taken === signedIn?.dataset.signedIn) {
    window.close();
  }
});
if (signedIn) signIns.postMessage({ user: signedIn.dataset.signedIn });
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
