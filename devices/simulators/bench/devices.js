"use strict";

// The page says in its own text what each control orders: a button `data-do` (and a switch `data-undo`, on while the
// fact `data-fact` is `data-is`, or is not `data-is-not`), a form `data-do` whose fields are the order's arguments.

function fact(path) {
  return path.split(".").reduce((at, name) => (at === null || at === undefined ? at : at[name]), state);
}

function isOn(button) {
  const value = fact(button.dataset.fact);
  if (value === undefined || value === null && button.dataset.isNot === undefined) return false;
  return button.dataset.is === undefined ? String(value) !== button.dataset.isNot : String(value) === button.dataset.is;
}

function orderOf(form) {
  const what = JSON.parse(form.dataset.do);
  for (const field of form.elements) {
    if (field.name && field.value !== "") what[field.name] = "number" in field.dataset ? Number(field.value) : field.value;
  }
  return what;
}

function takeOrders() {
  for (const button of document.querySelectorAll("button[data-do]")) {
    if (button.classList.contains("switch")) button.prepend(make("i", { ariaHidden: "true" }));
    button.addEventListener("click", () =>
      order(JSON.parse(button.dataset.undo && isOn(button) ? button.dataset.undo : button.dataset.do)));
  }
  for (const form of document.querySelectorAll("form[data-do]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      order(orderOf(form)).then((done) => { if (done) delete form.dataset.touched; });
    });
    form.addEventListener("input", () => { form.dataset.touched = ""; });
  }
}

function told(path, value) {
  if (value === undefined || value === null) return "";
  if (path === "terminal.amount") return (value / 100).toLocaleString("nl-NL", { style: "currency", currency: "EUR" });
  return Array.isArray(value) ? value.join("\n") : String(value);
}

function showDevices() {
  for (const panel of document.querySelectorAll("fieldset[data-device]")) panel.disabled = !fact(panel.dataset.device);
  for (const button of document.querySelectorAll("button[data-fact]")) {
    button.disabled = !fact(button.dataset.fact.split(".")[0]);
    button.setAttribute("aria-checked", String(isOn(button)));
  }
  for (const shown of document.querySelectorAll("output[data-fact], pre[data-fact]")) {
    const text = told(shown.dataset.fact, fact(shown.dataset.fact));
    if (shown.textContent !== text) shown.textContent = text;  // said again by a screen reader only when it changed
  }
  for (const field of document.querySelectorAll("select[data-fact], input[data-fact]")) {
    const value = fact(field.dataset.fact);
    if (value !== undefined && value !== null && !("touched" in field.form.dataset)) field.value = value;
  }
  for (const form of document.querySelectorAll("form[data-only]")) form.hidden = fact("terminal.make") !== form.dataset.only;
  document.querySelector("[data-lamp]").dataset.lamp = fact("light.shows") || "off";
}
