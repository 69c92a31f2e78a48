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
  box.addEventListener("change", () => {
    input.type = box.checked ? "text" : "password";
  });
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
  // Whoever comes back to the page, perhaps somebody else, finds nothing in it.
  addEventListener("pagehide", () => {
    input.type = "password";
    input.value = "";
    box.checked = false;
  });
}

// A page that a browser brings back as it was is asked for anew: somebody may have logged out since.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// The rules of a new PIN, ticked as one types (CARD-4, CARD-5).
const RULES = {
  "rule.six-to-sixteen": (text) => text.length >= 6 && text.length <= 16,
  "rule.capitals-and-digits": (text) => /^[A-Z0-9]+$/.test(text),
  "rule.letter": (text) => /[A-Z]/.test(text),
  "rule.digit": (text) => /[0-9]/.test(text),
  "rule.four-digits": (text) => /^[0-9]{4}$/.test(text),
  // Neither one digit nor two in turn, nor digits that follow each other.
  "rule.not-easily-guessed": (text) => {
    if (!/^[0-9]{4}$/.test(text)) return false;
    const steps = [0, 1, 2].map((at) => (text[at + 1] - text[at] + 10) % 10);
    const inTurn = text[0] === text[2] && text[1] === text[3];
    return !inTurn && !steps.every((step) => step === 1) && !steps.every((step) => step === 9);
  },
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

// A passkey: the authenticator is asked when the form is sent, and what it answers goes into the form. A new
// passkey is used at once, for what it gives only its use can prove. With a salt it stands in for a PIN, and
// gives the secret that seals it; without, it signs somebody in, and knows by itself whom.
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const { challenge, salt, credential, user, handle, failed, unsupported, passkey } = form.dataset;
  const says = form.querySelector("[data-passkey-says]");
  if (!globalThis.PublicKeyCredential) {
    says.textContent = unsupported;
    continue;
  }
  form.hidden = false;
  const extensions = salt ? { prf: { eval: { first: bytes(salt) } } } : {};
  const make = () => navigator.credentials.create({
    publicKey: {
      challenge: bytes(challenge),
      rp: { name: location.host },
      attestation: "none",
      user: {
        id: handle ? bytes(handle) : crypto.getRandomValues(new Uint8Array(16)),
        name: user,
        displayName: user,
      },
      pubKeyCredParams: [
      // ES256 and RS256: between them every platform has one.
      { type: "public-key", alg: -7 },
      { type: "public-key", alg: -257 },
    ],
      authenticatorSelection: {
        ...(salt ? { authenticatorAttachment: "platform" } : {}),
        residentKey: salt ? "preferred" : "required",
        userVerification: "required",
      },
      extensions,
    },
  });
  const use = (id) => navigator.credentials.get({
    publicKey: {
      challenge: bytes(challenge),
      userVerification: "required",
      allowCredentials: id ? [{ type: "public-key", id }] : [],
      extensions,
    },
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.textContent = "";
    try {
      const made = passkey === "create" ? await make() : undefined;
      const used = await use(made ? made.rawId : credential && bytes(credential));
      const prf = used.getClientExtensionResults().prf?.results?.first;
      if (salt && !prf) {
        says.textContent = unsupported;
        return;
      }
      const fields = form.elements;
      fields.credential.value = text(used.rawId);
      fields.key.value = made ? text(made.response.getPublicKey()) : "";
      fields.authenticator.value = text(used.response.authenticatorData);
      fields.client.value = text(used.response.clientDataJSON);
      fields.signature.value = text(used.response.signature);
      if (salt) fields.prf.value = text(prf);
      form.submit();
    } catch {
      says.textContent = failed;
    }
  });
}

// A form is sent once: a second press while the first is under way does nothing.
for (const form of document.forms) {
  if (form.dataset.passkey) continue;
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const told = form.querySelector("[data-busy]");
    if (told) {
      told.classList.add("busy");
      told.textContent = told.dataset.busy;
    }
  });
}
// Where the page is shown again, or stays since what was under way was stopped, it can be sent again.
const revive = () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    const told = form.querySelector("[data-busy]");
    if (told) {
      told.classList.remove("busy");
      told.textContent = "";
    }
  }
};
addEventListener("pageshow", revive);
globalThis.navigation?.addEventListener("navigateerror", revive);
addEventListener("keydown", ({ key }) => {
  if (key === "Escape") revive();
});

// A page that waits asks whether there is something new, while it can be seen: a page that is hidden
// holds no connection. 200 with JSON says how far the work is, 200 without that the page is old, 204 that
// nothing has happened. Where it is gone that was waited for, the page says so.
const OVER = [401, 404, 410];
const waits = document.querySelector("[data-waits]");
if (waits) {
  let address = waits.dataset.waits;
  let held;
  const visible = () => document.visibilityState === "visible";
  const ask = async () => {
    if (!visible() || held) return;
    held = new AbortController();
    let pause = 3000;
    try {
      const headers = { accept: "application/json" };
      const answer = await fetch(address, { headers, cache: "no-store", signal: held.signal });
      const isJson = answer.headers.get("content-type")?.startsWith("application/json");
      if (answer.status === 204) {
        pause = 100;
      } else if (isJson && answer.ok) {
        const work = await answer.json();
        waits.querySelector("progress").value = work.percent;
        waits.querySelector("[data-text]").textContent = work.text;
        [address, pause] = [work.next, 100];
      } else if (answer.status === 200 || OVER.includes(answer.status)) {
        // What was sent meanwhile leads on by itself, and would be cut off.
        if (!document.querySelector("form[data-sent]")) {
          location.reload();
          return;
        }
      }
    } catch {
      // The network rests, or the page was hidden: it is asked again.
    }
    held = undefined;
    setTimeout(ask, pause);
  };
  document.addEventListener("visibilitychange", () => visible() ? ask() : held?.abort());
  addEventListener("pagehide", () => held?.abort());
  addEventListener("pageshow", ask);
  ask();
}

// A QR code is renewed each second: one that was photographed is of no use. What somebody marks in it, to
// copy it, stays.
const renews = document.querySelector("[data-renews]");
if (renews) {
  const renew = async () => {
    const marked = renews.contains(getSelection().anchorNode) && !getSelection().isCollapsed;
    if (document.visibilityState === "visible" && !marked) {
      try {
        const code = await fetch(renews.dataset.renews, { cache: "no-store" });
        if (code.ok) renews.innerHTML = await code.text();
      } catch {
        // The network rests: the next second tries again.
      }
    }
    setTimeout(renew, 1000);
  };
  setTimeout(renew, 1000);
}

// The end of a log-in is told five minutes before it comes, and put off by a press that leaves the page as
// it is. How much is left the server says: its clock may be turned, another tab may have put it off.
const stay = document.querySelector("[data-left]");
if (stay) {
  const WARNED = 300;
  const part = (selector) => stay.querySelector(selector);
  let timer;
  const look = ({ left, text }) => {
    clearTimeout(timer);
    if (text) part("[data-until]").textContent = text;
    part("[data-warning]").hidden = left > WARNED || left === 0;
    part("[data-over]").hidden = left > 0;
    stay.classList.toggle("near", left <= WARNED);
    if (left > 0) {
      timer = setTimeout(ask, (left > WARNED ? left - WARNED : left) * 1000);
    } else if (!document.getElementById("filled")) {
      // Nothing was typed that could be lost: nobody reads on what is private.
      location.reload();
    }
  };
  const ask = async () => {
    try {
      const asked = { headers: { accept: "application/json" }, cache: "no-store" };
      look(await (await fetch(stay.dataset.ask, asked)).json());
    } catch {
      clearTimeout(timer);
      timer = setTimeout(ask, 30000);
    }
  };
  part("button")?.addEventListener("click", async (event) => {
    // After the end the form itself is sent: it keeps what was typed, and leads to the log-in.
    if (!part("[data-over]").hidden) return;
    event.preventDefault();
    try {
      const body = new URLSearchParams();
      await fetch(stay.dataset.extend, { method: "POST", body, redirect: "manual" });
    } catch {
      // How much is left says it.
    }
    ask();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") ask();
  });
  look({ left: Number(stay.dataset.left) });
}

// A card is put to the phone by dragging it there, besides choosing it.
const tray = document.querySelector("form[data-tray]");
if (tray) {
  tray.querySelector("[data-drag-hint]").hidden = false;
  const back = tray.querySelector("[data-drop]");
  for (const card of tray.querySelectorAll(".plastic:has(input)")) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData("text/plain", card.querySelector("input").value);
    });
  }
  back.addEventListener("dragover", (event) => {
    event.preventDefault();
    back.classList.add("over");
  });
  back.addEventListener("dragleave", () => back.classList.remove("over"));
  back.addEventListener("drop", (event) => {
    event.preventDefault();
    const name = event.dataTransfer.getData("text/plain");
    const cards = [...tray.querySelectorAll("input[name=card]")];
    const card = cards.find((card) => card.value === name);
    if (card) {
      card.checked = true;
      tray.requestSubmit();
    }
  });
}

// A key pair for trying out: the public one goes into the form, the private one stays in this page.
for (const place of document.querySelectorAll("[data-makes-key]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "secondary";
  button.textContent = place.dataset.button;
  place.append(button);
  button.addEventListener("click", async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const { d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
    const key = { kty, crv, x, y, kid: crypto.randomUUID(), alg: "ES256", use: "sig" };
    document.getElementById(place.dataset.makesKey).value = JSON.stringify(key, null, 1);
    const label = document.createElement("label");
    label.textContent = place.dataset.private;
    // Without a name: a form does not send it.
    const kept = document.createElement("textarea");
    kept.readOnly = true;
    kept.rows = 6;
    kept.value = JSON.stringify({ ...key, d }, null, 1);
    label.append(kept);
    place.replaceChildren(button, label);
  });
}
