// The preview follows what is typed. Without this file everything works by the buttons.
"use strict";
const form = document.querySelector("form[data-preview]");
if (form) {
  const subject = document.querySelector("#preview-subject");
  const text = document.querySelector("#preview-text");
  const problem = document.querySelector("#preview-error");
  let timer = 0;
  let asked = 0;
  const show = async () => {
    const number = ++asked;
    let answer;
    try {
      const reply = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
      if (!reply.ok) return;
      answer = await reply.json();
    } catch {
      return; // signed out or away: the buttons tell
    }
    if (number !== asked) return;
    problem.textContent = answer.error;
    problem.hidden = answer.error === "";
    subject.textContent = answer.subject;
    text.textContent = answer.text;
    text.hidden = answer.text === "";
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 400);
  });
  document.querySelector("#preview-live").hidden = false;
}
