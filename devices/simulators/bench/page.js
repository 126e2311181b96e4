"use strict";

const $ = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const BARS = '<svg viewBox="0 0 24 18" aria-hidden="true"><path fill="currentColor" d="M1 1h2v16H1zM5 1h1v16H5zM8 1h3v16H8zM13 1h1v16h-1zM16 1h2v16h-2zM20 1h1v16h-1zM22 1h1v16h-1z"/></svg>';

const PAD = '<svg viewBox="0 0 24 18" aria-hidden="true"><path fill="currentColor" d="M5 1h14v3H5zM3 6h18v3H3zM5 11h14v2H5zM1 15h22v2H1z"/></svg>';
const PASSES = 0xC2; // the AFI of a tag that the gate lets through

// Chips that no pass of the drawer has; both show another number at every reading, so that no library can know them.
const STRANGE = { phone: "a phone", eid: "an identity card (not readable)" };

let drawer = [];
let state = null;

async function post(path, order) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order) });
    return await answer.json();
  } catch {
    return { ok: false, error: "The workbench does not answer; does the demo still run?" };
  }
}

let sayTimer = 0;
function say(sentence, wrong) {
  $("said").textContent = sentence;
  $("said").classList.toggle("wrong", Boolean(wrong));
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => { $("said").textContent = ""; }, wrong ? 9000 : 4000);
}

async function order(what) {
  const answer = await post("/api/do", what);
  say(answer.ok ? answer.said : answer.error, !answer.ok);
  return answer.ok;
}

function make(tag, attributes, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

// Passes

// "nora-second-pass" is said "Nora second pass".
function spoken(name) {
  const words = name.replace(/-/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// What is expected: "K8 held_for_another" is said "held for another (K8)".
function saying(expect) {
  const rule = /^([A-Z]\d+) (\w+)$/.exec(expect || "");
  return rule ? `${rule[2].replace(/_/g, " ")} (${rule[1]})` : expect || "";
}

function passOnReader() {
  return state && state.reader && state.reader.pass ? state.reader.pass.name : null;
}

function tapPass(pass) {
  if (!pass.uid) return order({ do: "scan-pass", name: pass.name });
  return order(passOnReader() === pass.name ? { do: "remove-pass" } : { do: "place-pass", name: pass.name });
}

function lines(title, what, expect) {
  return [make("span", { className: "row" }, make("b", { textContent: title }),
    make("span", { className: "expect", textContent: saying(expect) })), make("span", { className: "what", textContent: what })];
}

function passCard(pass) {
  const card = make("div", { className: pass.expect === "may borrow" ? "card" : "card no" });
  card.dataset.pass = pass.name;
  const main = make("button", { type: "button", className: "main" },
    ...lines(spoken(pass.name), pass.uid ? pass.label : `${pass.label} · no chip: scanned`, pass.expect));
  main.addEventListener("click", () => tapPass(pass));
  card.append(main);
  if (pass.uid) {
    const bars = make("button", { type: "button", className: "bars", title: "Scan the barcode on this pass", innerHTML: BARS });
    bars.setAttribute("aria-label", `Scan the barcode on the pass: ${spoken(pass.name)}`);
    bars.addEventListener("click", () => order({ do: "scan-pass", name: pass.name }));
    card.append(bars);
  }
  if (pass.uid && pass.kind !== "phone") {
    const pad = make("button", { type: "button", className: "bars", title: "Lay it on the pad, as an ISO 15693 tag", innerHTML: PAD });
    pad.dataset.barcode = pass.number;
    pad.setAttribute("aria-label", `On the pad, as a tag: the pass ${spoken(pass.name)}`);
    pad.addEventListener("click", () => tapPassOnPad(pass));
    card.append(pad);
  }
  return card;
}

function showDrawer() {
  const words = $("seek-pass").value.toLowerCase().split(/\s+/).filter(Boolean);
  const seen = drawer.filter((pass) => {
    const text = `${pass.label} ${pass.expect} ${pass.group} ${pass.number} ${pass.name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const parts = [];
  for (const group of new Set(seen.map((pass) => pass.group))) {
    parts.push(make("h3", { textContent: group }), ...seen.filter((pass) => pass.group === group).map(passCard));
  }
  if (!parts.length) parts.push(make("p", { className: "none", textContent: drawer.length ? "No pass is like that." : "The drawer is empty." }));
  $("drawer").replaceChildren(...parts);
  showReader();
}

function showReader() {
  const reader = state && state.reader;
  const lies = reader && reader.pass;
  const name = passOnReader();
  const pass = drawer.find((one) => one.name === name);
  $("reader").classList.toggle("holds", Boolean(lies));
  $("take").disabled = !lies;
  $("lying").textContent = !reader ? "The reader does not answer." : !lies
    ? (reader.plugged ? "Nothing lies on the reader." : "The reader is unplugged.")
    : `On the reader: ${pass ? `${spoken(pass.name)}, ${pass.label}` : STRANGE[lies.kind] || "a chip that is not from the drawer"}${reader.plugged ? "" : " (unplugged)"}`;
  for (const card of document.querySelectorAll(".card[data-pass]")) {
    const here = card.dataset.pass === name;
    card.classList.toggle("lies", here);
    card.firstChild.setAttribute("aria-pressed", String(here));
  }
}

// The pad

function onPad() {
  return state && state.pad ? state.pad.tags : [];
}

function tapOnPad(book) {
  const lies = onPad().some((tag) => tag.number === book.barcode);
  return order(lies ? { do: "remove-item", which: book.barcode } : { do: "place-book", name: book.name });
}

function tapPassOnPad(pass) {
  const lies = onPad().some((tag) => tag.number === pass.number);
  return order(lies ? { do: "remove-item", which: pass.number } : { do: "pad-pass", name: pass.name });
}

function showPad() {
  const tags = onPad();
  $("pad").classList.toggle("holds", tags.length > 0);
  $("clear").disabled = !tags.length;
  $("stack-said").textContent = !state || !state.pad ? "There is no pad." : !state.pad.plugged ? "The pad is unplugged."
    : tags.length ? "On the pad:" : "Nothing lies on the pad.";
  $("stack").replaceChildren(...tags.map((tag) => {
    const part = tag.parts > 1 ? ` (${tag.part} of ${tag.parts})` : "";
    const button = make("button", { type: "button", textContent: `${tag.title || tag.number || "a strange tag"}${part}`,
      className: tag.afi === PASSES ? "passes" : "calls", title: "Take it away" });
    button.dataset.tag = tag.uid;
    button.addEventListener("click", () => order({ do: "remove-item", which: tag.uid }));
    return button;
  }));
  for (const button of document.querySelectorAll(".card .bars[data-barcode]")) {
    button.setAttribute("aria-pressed", String(tags.some((tag) => tag.number === button.dataset.barcode)));
  }
}

// Books

let seeking = 0;
async function showBooks() {
  const mine = ++seeking;
  const sought = $("seek-book").value.trim();
  let answer;
  try {
    answer = await (await fetch(`/api/books?limit=60&q=${encodeURIComponent(sought)}`)).json();
  } catch { return; }
  if (mine !== seeking) return;
  $("found").textContent = answer.found > answer.books.length ? `${answer.books.length} of ${answer.found}` : `${answer.found}`;
  const cards = answer.books.map((book) => {
    const card = make("div", { className: book.expect === "lent" ? "card" : "card no" });
    card.dataset.book = book.name;
    const main = make("button", { type: "button", className: "main" },
      ...lines(book.title, book.barcode, book.expect));
    main.addEventListener("click", () => order({ do: "scan-book", name: book.name }));
    const pad = make("button", { type: "button", className: "bars", title: "Lay it on the pad, or take it away", innerHTML: PAD });
    pad.dataset.barcode = book.barcode;
    pad.setAttribute("aria-label", `On the pad: ${book.title}`);
    pad.addEventListener("click", () => tapOnPad(book));
    card.append(main, pad);
    return card;
  });
  if (!cards.length && sought) {
    const scan = make("button", { type: "button", className: "plain", textContent: "Scan this text as it is" });
    scan.addEventListener("click", () => order({ do: "scan", text: sought }));
    cards.push(make("p", { className: "none", textContent: "No book is like that." }), scan);
  }
  $("pile").replaceChildren(...cards);
  showPad();
}

// Receipts, processes

let shownReceipts = null;
function showReceipts(names) {
  const before = shownReceipts;
  if (before && before.join() === names.join()) return;
  shownReceipts = names;
  if (!names.length) {
    $("receipts").replaceChildren(make("p", { className: "none", textContent: "Nothing has been printed yet." }));
    return;
  }
  $("receipts").replaceChildren(...names.map((name) => {
    const picture = make("img", { src: `/receipts/${name}.png`, alt: `Receipt ${Number(name)}`, loading: "lazy" });
    fetch(`/receipts/${name}.txt`).then((answer) => answer.text()).then((text) => { picture.alt = `Receipt ${Number(name)}: ${text}`; });
    const button = make("button", { type: "button", className: before && !before.includes(name) ? "new" : "" }, picture);
    button.dataset.receipt = name;
    button.addEventListener("click", () => {
      $("large-receipt").src = picture.src;
      $("large-receipt").alt = picture.alt;
      $("large").showModal();
    });
    return button;
  }));
  if (before) say("A receipt was printed.");
}

function showProcesses(processes) {
  $("processes").replaceChildren(...processes.map((process) =>
    make("li", { className: process.running ? "" : "ended", textContent: process.running ? process.title : `${process.title} has ended` })));
}

async function followState() {
  for (;;) {
    try {
      const answer = await fetch(`/api/state?wait=20${state ? `&after=${state.version}` : ""}`);
      if (answer.status === 200) {
        const first = !state;
        state = await answer.json();
        if (first && state.screen) followScreen(state.screen);
        if (first && !state.screen) $("hint").textContent = "Tap a pass, then books; the kiosk’s own window is on its machine’s display.";
        if (!drawer.length) await loadDrawer();
        showReader();
        showPad();
        showReceipts(state.receipts);
        showProcesses(state.processes);
        showDevices();
      } else if (answer.status !== 204) await pause(1000);
    } catch {
      say("The workbench does not answer; does the demo still run?", true);
      await pause(2000);
    }
  }
}

async function loadDrawer() {
  drawer = (await (await fetch("/api/drawer")).json()).passes;
  showDrawer();
}

// The kiosk's picture and the finger on it

async function followScreen(size) {
  const image = $("screen");
  $("kiosk").hidden = false;
  document.body.classList.toggle("wide", size.width > size.height);
  image.style.setProperty("--shape", `${size.width} / ${size.height}`);
  takeTouches(image, size);
  let number = null;
  let url = null;
  for (;;) {
    if (document.hidden) { await pause(500); continue; }
    try {
      const width = Math.min(size.width, Math.ceil(image.clientWidth * devicePixelRatio) || size.width);
      const answer = await fetch(`/api/screen?wait=20&width=${width}${number === null ? "" : `&after=${number}`}`);
      if (answer.status === 200) {
        number = answer.headers.get("Picture");
        const next = URL.createObjectURL(await answer.blob());
        image.src = next;
        await image.decode().catch(() => {});
        if (url) URL.revokeObjectURL(url);
        url = next;
        image.dataset.picture = number;
        $("kiosk-note").textContent = "live, takes touches";
      } else if (answer.status !== 204) throw new Error();
    } catch {
      $("kiosk-note").textContent = "no picture";
      await pause(1000);
    }
  }
}

function takeTouches(image, size) {
  const waiting = [];
  let sending = false;
  async function send() {
    if (sending) return;
    sending = true;
    while (waiting.length) {
      const answer = await post("/api/touch", waiting.shift());
      if (!answer.ok) say(answer.error, true);
    }
    sending = false;
  }
  function touch(deed, event) {
    const box = image.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left) * size.width / box.width);
    const y = Math.floor((event.clientY - box.top) * size.height / box.height);
    const last = waiting[waiting.length - 1];
    // A finger that moves faster than the line carries: only where it is now matters.
    if (deed === "move" && last && last.do === "move") Object.assign(last, { x, y });
    else waiting.push({ do: deed, x, y });
    send();
  }
  let finger = null;
  image.addEventListener("pointerdown", (event) => {
    if (finger !== null || event.button !== 0) return;
    event.preventDefault();
    finger = event.pointerId;
    image.setPointerCapture(finger);
    touch("press", event);
  });
  image.addEventListener("pointermove", (event) => { if (event.pointerId === finger) touch("move", event); });
  for (const end of ["pointerup", "pointercancel"]) {
    image.addEventListener(end, (event) => {
      if (event.pointerId !== finger) return;
      finger = null;
      touch("release", event);
    });
  }
  image.addEventListener("contextmenu", (event) => event.preventDefault());
}

// The kiosk's log

async function followLog() {
  for (;;) {
    if ($("log").open && !document.hidden) {
      try {
        const answer = await fetch("/api/log?name=kiosk&lines=200");
        const pre = $("log-text");
        const text = answer.ok ? await answer.text() : "There is no log yet.";
        if (text !== pre.textContent) {
          pre.textContent = text;
          pre.scrollTop = pre.scrollHeight;
        }
      } catch { /* the state's poll says so */ }
    }
    await pause(1500);
  }
}

takeOrders();
$("seek-pass").addEventListener("input", showDrawer);
let typing = 0;
$("seek-book").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(showBooks, 150); });
showBooks();
followState();
followLog();
