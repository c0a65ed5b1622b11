// What a page does beyond links and forms; it works without this file too.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const root = document.documentElement;
  const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", theme);
  localStorage.setItem("leadferry-theme", theme);
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
  let changed = hasErrors;
  buttons.hidden = !changed;
  form.addEventListener("input", () => {
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
