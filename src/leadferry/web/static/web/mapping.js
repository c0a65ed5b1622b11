// The mapping editor: a dialog in which something is chosen, then the rows anew.
const picker = document.getElementById("picker");
let opener = "";

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row-menu], [data-of-row]");
  if (row) opener = row.dataset.rowMenu ?? row.dataset.ofRow;
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const target = detail.target;
  if (target.id === "picker-content") {
    arrange();
    if (!picker.open) picker.showModal();
    picker.querySelector("input:checked, input:not([type=hidden]), textarea, button")?.focus();
  }
});

document.addEventListener("htmx:afterSettle", ({ target: rows }) => {
  if (!rows.classList?.contains("mapping")) return;
  if (picker.open) picker.close();
  const form = document.getElementById("integration-form");
  form.dispatchEvent(new Event("leadferry:changed"));
  const kind = rows.id.replace("mapping-", "");
  const back = rows.querySelector(`[data-row-menu="${CSS.escape(opener)}"]`);
  if (opener) (back ?? rows.querySelector(`[data-row-menu="${kind}:"]`))?.focus();
  opener = "";
});

// Several fields in one column have an order, which the person can change.
function arrange() {
  const order = picker.querySelector("[data-order]");
  if (!order) return;
  const known = [...order.children].map((item) => item.dataset.key);
  order.replaceChildren();
  const boxes = [...picker.querySelectorAll("input[name=field]")];
  const chosen = boxes.filter((box) => box.checked);
  chosen.sort((a, b) => place(known, a) - place(known, b));
  for (const box of chosen) order.append(item(box));
  refresh(order);
}

function place(known, box) {
  const found = known.indexOf(box.value);
  return found < 0 ? known.length : found;
}

function item(box) {
  const template = picker.querySelector("[data-order-item]");
  const made = template.content.firstElementChild.cloneNode(true);
  const label = box.closest("label").querySelector("[data-label]").textContent;
  made.dataset.key = box.value;
  made.querySelector("input").value = box.value;
  made.querySelector("span").textContent = label;
  for (const name of ["up", "down"]) {
    const words = picker.querySelector(`[data-${name}-label]`).textContent;
    made.querySelector(`[data-${name}]`).setAttribute("aria-label", `${words}: ${label}`);
  }
  return made;
}

function refresh(order) {
  const items = [...order.children];
  picker.querySelector("[data-joined]").hidden = items.length < 2;
  for (const [number, one] of items.entries()) {
    one.querySelector("[data-up]").disabled = number === 0;
    one.querySelector("[data-down]").disabled = number === items.length - 1;
  }
}

picker.addEventListener("change", ({ target }) => {
  const order = picker.querySelector("[data-order]");
  if (target.name !== "field" || !order) return;
  if (target.checked) order.append(item(target));
  else order.querySelector(`[data-key="${CSS.escape(target.value)}"]`)?.remove();
  refresh(order);
});

picker.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-up], [data-down]");
  if (!button) return;
  const one = button.closest("li");
  if ("up" in button.dataset) one.previousElementSibling.before(one);
  else one.nextElementSibling.after(one);
  refresh(one.parentElement);
  (button.disabled ? one.querySelector("button:not(:disabled)") : button)?.focus();
});
