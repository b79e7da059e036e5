// What makes the desk quicker. Every page works without it; nothing here is needed to get something done.
"use strict";

// Order by dragging: the hidden fields travel with their rows, so the form sends the new order by itself.
for (const list of document.querySelectorAll("[data-order]")) {
  let moving = null;
  for (const row of list.children) {
    const grip = row.querySelector(".grip");
    if (!grip) continue;
    grip.addEventListener("pointerdown", () => { row.draggable = true; });
    row.addEventListener("dragstart", (event) => {
      moving = row;
      event.dataTransfer.effectAllowed = "move";
      row.classList.add("moving");
    });
    row.addEventListener("dragend", () => {
      row.draggable = false;
      row.classList.remove("moving");
      moving = null;
    });
  }
  list.addEventListener("dragover", (event) => {
    const over = moving && event.target.closest("[data-order] > li");
    if (!over || over.parentNode !== list) return;
    event.preventDefault();
    if (over === moving) return;
    const box = over.getBoundingClientRect();
    list.insertBefore(moving, event.clientY < box.top + box.height / 2 ? over : over.nextSibling);
    list.dispatchEvent(new Event("input", { bubbles: true }));
  });
  list.addEventListener("drop", (event) => event.preventDefault());
}

// Copying: the buttons are hidden until there is script to press them with.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 3000);
  });
}

// Leaving a page with changes that were not saved asks first.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let changed = "changed" in form.dataset;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!changed) return;
    event.preventDefault();
    event.returnValue = form.dataset.guard;
  });
}

// A session that has run out must not cost what was typed. It is kept in this tab alone, for the one who typed it, until
// it is saved; then it is offered back.
const forget = () => {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("typed:")) sessionStorage.removeItem(key);
};
const search = new URLSearchParams(location.search);
if (search.has("done") || search.has("pressed")) forget();
for (const form of document.querySelectorAll("form[action='/admin/logout']")) {
  form.addEventListener("submit", forget);
}
for (const form of document.querySelectorAll("form[data-keep]")) {
  const key = `typed:${form.getAttribute("action")} ${form.dataset.keep}`;
  const fields = () => [...form.querySelectorAll("input:not([type=hidden]):not([type=checkbox]), textarea")];
  const before = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  const lost = fields().filter((field) => field.name in before && before[field.name] !== field.value);
  if (lost.length > 0 && !("changed" in form.dataset)) {
    const note = document.createElement("div");
    const button = document.createElement("button");
    note.className = "note attention";
    note.setAttribute("role", "status");
    note.append(Object.assign(document.createElement("p"), { textContent: form.dataset.keepText }), button);
    Object.assign(button, { type: "button", className: "btn sec", textContent: form.dataset.keepButton });
    button.addEventListener("click", () => {
      for (const field of lost) {
        field.value = before[field.name];
        field.closest("details")?.setAttribute("open", "");
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      note.remove();
      lost[0].focus();
    });
    form.before(note);
  }
  form.addEventListener("input", () => {
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(fields().map((field) => [field.name, field.value]))));
  });
}

// How long a text is, while it is being typed.
for (const counter of document.querySelectorAll("[data-counts]")) {
  const field = document.getElementById(counter.dataset.counts);
  field.addEventListener("input", () => {
    counter.textContent = counter.dataset.text.replace("#", [...field.value].length);
  });
}

// The hold before a sending begins runs down; at its end the page shows what happens.
for (const timer of document.querySelectorAll("[data-seconds]")) {
  const end = Date.now() + 1000 * Number(timer.dataset.seconds);
  const tick = setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    timer.textContent = timer.dataset.text.replace("#", clock);
    if (left > 0) return;
    clearInterval(tick);
    setTimeout(() => location.reload(), 1500);
  }, 1000);
}

// A sending as it goes out. The server sends words and numbers ready to show:
// {"text": "612 van 1.204 verwerkt.", "done": 612, "counts": {"accepted": "604", …}, "over": false}
for (const live of document.querySelectorAll("[data-live]")) {
  const bar = live.querySelector("progress");
  const text = live.querySelector("[role=status]");
  const stream = new EventSource(live.dataset.live);
  // Too many look on, or the session is over: then as without script.
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10000);
  });
  stream.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    if (news.over) {
      stream.close();
      location.reload();
      return;
    }
    text.textContent = news.text;
    bar.value = news.done;
    for (const cell of live.querySelectorAll("[data-count]")) {
      cell.textContent = news.counts[cell.dataset.count] ?? cell.textContent;
    }
  });
}

// Passkeys: the browser asks the authenticator, and the form's hidden fields carry the answer. Bytes travel in base64url.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const read = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const write = (name, buffer) => {
    const plain = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    form.elements[name].value = plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  for (const part of form.querySelectorAll("[data-script]")) part.hidden = part.dataset.script === "off";
  const { passkey, challenge, site, user, userName, known } = form.dataset;
  const credentials = known.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: read(id) }));
  const create = async () => {
    const { response } = await navigator.credentials.create({ publicKey: {
      challenge: read(challenge),
      rp: { id: site, name: site },
      user: { id: read(user), name: userName, displayName: userName },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: credentials,
      authenticatorSelection: { residentKey: "discouraged", userVerification: "discouraged" },
      attestation: "none",
      timeout: 300000,
    } });
    write("client_data", response.clientDataJSON);
    write("attestation", response.attestationObject);
  };
  const use = async () => {
    const { rawId, response } = await navigator.credentials.get({ publicKey: {
      challenge: read(challenge),
      rpId: site,
      allowCredentials: credentials,
      userVerification: "discouraged",
      timeout: 300000,
    } });
    write("credential", rawId);
    write("client_data", response.clientDataJSON);
    write("authenticator_data", response.authenticatorData);
    write("signature", response.signature);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await (passkey === "create" ? create() : use());
      form.submit();
    } catch {
      form.querySelector("[data-failed]").hidden = false;
    }
  });
}
