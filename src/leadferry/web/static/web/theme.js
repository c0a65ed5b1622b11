// Before the page is painted: the theme that was chosen, else the system's.
(() => {
  const stored = localStorage.getItem("leadferry-theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (theme) =>
    document.documentElement.setAttribute("data-bs-theme", theme);
  apply(stored ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => {
    if (localStorage.getItem("leadferry-theme") === null) {
      apply(dark.matches ? "dark" : "light");
    }
  });
})();
