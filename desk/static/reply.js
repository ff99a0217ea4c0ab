// Keeps the draft while an agent writes, shows warnings as he types, and puts texts in at the cursor.
// Without this file everything works by the buttons.
"use strict";
const box = document.querySelector("#reply-box");
if (box) {
  // What leads to the form opens it, before anybody looks for the field to write in.
  document.addEventListener("click", (event) => {
    if (event.target.closest('a[href$="#reply"]')) box.open = true;
  }, true);
  if (location.hash === "#reply" && !new URLSearchParams(location.search).has("reply")) box.open = true;
}
for (const form of document.querySelectorAll("form[data-draft]")) {
  const text = form.elements.text;
  const files = form.elements.files;
  const saved = document.querySelector("#reply-saved");
  const others = document.querySelector("#reply-others");
  const live = document.querySelector("#reply-live");
  const warned = document.querySelector("#reply-warnings");
  const over = document.querySelector("#reply-files-over");
  // Browsers begin at the top: what is put in would stand above the greeting.
  if (text.selectionStart === 0 && text.selectionEnd === 0) text.setSelectionRange(text.value.length, text.value.length);
  let timer = 0;
  let asked = 0;
  let isGoing = false;
  let waiting = null;

  const list = (parent, lines, code) => {
    parent.replaceChildren(...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = code ? line[1] : line;
      if (code) item.dataset.code = line[0];
      return item;
    }));
  };
  const warn = (lines) => {
    const before = form.elements.confirmed.value.split(" ").filter(Boolean);
    const now = lines.map((line) => line[0]);
    warned.hidden = lines.length === 0;
    list(warned.querySelector("ul"), lines, true);
    if (now.some((code) => !before.includes(code))) form.elements.anyway.checked = false;
    form.elements.confirmed.value = now.join(" ");
  };
  const keep = async () => {
    const number = ++asked;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    body.append("waiting_files", String(files.files.length));
    waiting = new AbortController();
    let answer;
    try {
      const reply = await fetch(form.dataset.draft, { method: "POST", body, redirect: "error", signal: waiting.signal });
      if (!reply.ok) return;
      answer = await reply.json();
    } catch {
      return; // signed out, away, or sent meanwhile: the buttons tell
    }
    if (number !== asked || isGoing) return;
    if (answer.saved) saved.textContent = answer.saved;
    list(others, answer.others, false);
    warn(answer.warnings);
    live.textContent = answer.news;
    live.hidden = answer.news === "";
  };
  const later = () => {
    clearTimeout(timer);
    if (!isGoing) timer = setTimeout(keep, 3000);
  };
  const put = (more) => {
    const start = text.selectionStart;
    const lead = start > 0 && text.value[start - 1] !== "\n" ? "\n" : "";
    const rest = text.value.slice(text.selectionEnd);
    const tail = more.endsWith("\n") || rest === "" || rest.startsWith("\n") ? "" : "\n";
    text.setRangeText(lead + more + tail, start, text.selectionEnd, "end");
    text.focus();
    later();
  };
  for (const button of form.querySelectorAll("button[data-insert], button[data-text]")) {
    button.addEventListener("click", (event) => {
      const select = button.dataset.insert ? document.getElementById(button.dataset.insert) : null;
      const more = select ? select.selectedOptions[0].dataset.text : button.dataset.text;
      event.preventDefault();
      put(more);
    });
  }
  form.addEventListener("input", later);
  files.addEventListener("change", () => {
    const total = [...files.files].reduce((sum, file) => sum + file.size, 0);
    over.hidden = total <= Number(form.dataset.mostBytes);
    later();
  });
  form.addEventListener("submit", () => {
    isGoing = true;
    clearTimeout(timer);
    if (waiting) waiting.abort();
  });
  window.addEventListener("pageshow", () => { isGoing = false; });
}
