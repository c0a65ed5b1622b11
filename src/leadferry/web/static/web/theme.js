// Before the page is painted: the person's theme, else the last one here, else the
// system's.
(() => {
  const root = document.documentElement;
  const own = root.dataset.theme;
  if (own) localStorage.setItem("leadferry-theme", own);
  const chosen = own ?? localStorage.getItem("leadferry-theme") ?? "system";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const system = dark.matches ? "dark" : "light";
    root.setAttribute("data-bs-theme", chosen === "system" ? system : chosen);
  };
  apply();
  dark.addEventListener("change", apply);
})();
