// What a page does by itself. Texts stand in the page (data-…), none in here.
"use strict";

// A box under each secret field that shows what is typed.
for (const input of document.querySelectorAll("input[data-show]")) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  label.className = "show";
  label.append(box, " ", input.dataset.show);
  const choice = document.createElement("div");
  choice.className = "choice";
  choice.append(label);
  input.after(choice);
  box.addEventListener("change", () => { input.type = box.checked ? "text" : "password"; });
  input.form.addEventListener("submit", () => { input.type = "password"; });
}

// The rules of a new PIN, ticked as one types (CARD-4, CARD-5).
const RULES = {
  "rule.six-to-sixteen": (text) => text.length >= 6 && text.length <= 16,
  "rule.capitals-and-digits": (text) => /^[A-Z0-9]+$/.test(text),
  "rule.letter": (text) => /[A-Z]/.test(text),
  "rule.digit": (text) => /[0-9]/.test(text),
  "rule.four-digits": (text) => /^[0-9]{4}$/.test(text),
};
for (const list of document.querySelectorAll("[data-rules-of]")) {
  const input = document.getElementById(list.dataset.rulesOf);
  const tick = () => {
    for (const item of list.querySelectorAll("[data-rule]")) {
      const met = RULES[item.dataset.rule]?.(input.value) ?? false;
      item.classList.toggle("met", met);
      let said = item.querySelector(".hidden");
      if (met && !said) {
        said = document.createElement("span");
        said.className = "hidden";
        said.textContent = " " + list.dataset.met;
        item.append(said);
      } else if (!met && said) {
        said.remove();
      }
    }
  };
  input.addEventListener("input", tick);
  tick();
}

// A form is sent once: a second press while the first is under way does nothing.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    const told = form.querySelector("[data-busy]");
    if (told) { told.classList.add("busy"); told.textContent = told.dataset.busy; }
  });
}
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

// A page that waits asks whether there is something new, while it can be seen.
const waits = document.querySelector("[data-waits]");
if (waits) {
  const again = () => document.visibilityState === "visible" ? ask() : addEventListener("visibilitychange", again, { once: true });
  const ask = async () => {
    let pause = 3000;
    try {
      const answer = await fetch(waits.dataset.waits, { headers: { accept: "application/json" }, cache: "no-store" });
      if (answer.status === 200) { location.reload(); return; }
      if (answer.status === 204) pause = 0;
    } catch { /* The network rests: it is asked again. */ }
    setTimeout(again, pause);
  };
  again();
}

// Where an error or a note is told, it is told to the ear as well.
document.querySelector(".trouble, .told[tabindex]")?.scrollIntoView({ block: "nearest" });
