// What the pages do in the browser. Events are caught at the document, so that nothing has to be
// ready before somebody clicks; without this file all but conveniences still works.
"use strict";
(() => {
  document.documentElement.classList.add("js");
  const byId = (id) => document.getElementById(id);

  const say = (text) => {
    byId("alarm").textContent = "";
    byId("status").textContent = text;
  };
  const alarm = (text) => {
    byId("status").textContent = "";
    byId("alarm").textContent = text;
  };

  // One call of the API with this page's session. Gives the data, or throws a sentence.
  const call = async (method, path, body) => {
    const headers = { accept: "application/json" };
    if (method !== "GET") {
      headers["x-csrf-token"] = document.querySelector('meta[name="csrf-token"]').content;
      headers["content-type"] = "application/json";
    }
    let answer;
    try {
      answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    } catch {
      throw new Error("The service cannot be reached. Try again when you are online.");
    }
    const text = await answer.text();
    let json = null;
    try { json = text ? JSON.parse(text) : null; } catch { /* an error page of something between */ }
    if (answer.ok) return json && json.data;
    const error = json && json.error;
    if (error && error.code === "VALIDATION_ERROR" && error.details) {
      throw new Error(error.details.map((each) => `${each.field} ${each.message}`).join(", "));
    }
    const known = error && answer.status < 500 ? ` ${error.message}.` : "";
    throw new Error(`That did not work (${answer.status}).${known}`);
  };

  // Puts parts of a fresh copy of a page, by their ids, into this one.
  const renew = async (place, ids) => {
    const answer = await fetch(place, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(`That did not work (${answer.status}).`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ids) {
      const [old, now] = [byId(id), fresh.getElementById(id)];
      if (old && now) old.replaceWith(document.importNode(now, true));
    }
  };

  const attempt = async (form, work) => {
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    try { await work(); } catch (error) { alarm(error.message); } finally { delete form.dataset.busy; }
  };

  window.larder = { byId, say, alarm, call, renew, attempt };

  // Forms that are looked at before they are sent ----------------------------------------------

  const labelOf = (field) => {
    const label = field.labels && field.labels[0];
    return label ? label.textContent.replace("(optional)", "").trim() : field.name;
  };
  const wrongWith = (field) => {
    const state = field.validity;
    if (state.valid) return "";
    const label = labelOf(field);
    if (state.valueMissing) return `${label} is required.`;
    if (state.typeMismatch) return `${label} must be an e-mail address.`;
    if (state.tooShort) return `${label} must have ${field.minLength} characters or more.`;
    if (state.rangeUnderflow) return `${label} must be ${field.min} or more.`;
    if (state.rangeOverflow) return `${label} must be ${field.max} or less.`;
    if (state.patternMismatch) return `${label} ${field.dataset.patternText}.`;
    return `${label} is not valid.`;
  };
  const mark = (field, text) => {
    const place = byId(`${field.id}-error`);
    if (place) place.textContent = text;
    if (text) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
    const box = field.closest(".field");
    if (box) box.classList.toggle("wrong", Boolean(text));
  };
  const check = (form) => {
    let first = null;
    for (const field of form.elements) {
      if (!field.id || !field.willValidate) continue;
      const text = wrongWith(field);
      mark(field, text);
      if (text && !first) first = field;
    }
    if (first) first.focus();
    return !first;
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
      event.preventDefault();
    } else if (form.dataset.prompt) {
      const name = window.prompt(form.dataset.prompt, form.dataset.default);
      if (name === null) event.preventDefault(); else form.elements.name.value = name;
    } else if ("check" in form.dataset && !check(form)) {
      event.preventDefault();
    } else if (form.dataset.draft) {
      sessionStorage.removeItem(`draft-${form.dataset.draft}`);
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    // The browser's own bubbles would come instead of our sentences.
    for (const form of document.querySelectorAll("form[data-check]")) form.noValidate = true;
    for (const each of document.querySelectorAll("[data-when-card]")) showCard(each);
    for (const form of document.querySelectorAll("form[data-draft]")) takeUpDraft(form);
    if (!navigator.onLine) offline(true);
  });

  // Small things ------------------------------------------------------------------------------

  const offline = (is) => { byId("offline").hidden = !is; };
  window.addEventListener("offline", () => offline(true));
  window.addEventListener("online", () => offline(false));

  const showCard = (part) => {
    const form = part.closest("form");
    const card = form.elements.method.value === "card";
    part.hidden = !card;
    const field = form.elements["card-number"];
    field.disabled = !card;
    field.required = card;
  };

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.name === "method") {
      for (const each of field.form.querySelectorAll("[data-when-card]")) showCard(each);
    } else if (field.dataset.reveal) {
      byId(field.dataset.reveal).type = field.checked ? "text" : "password";
    }
  });

  const strength = (text) => {
    if (!text) return "";
    const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length;
    return text.length < 8 ? "Too short" : text.length >= 12 && kinds >= 3 ? "Strong password" : "Fair password";
  };

  document.addEventListener("input", (event) => {
    const field = event.target;
    if ("strength" in field.dataset) byId("strength").textContent = strength(field.value);
    if (field.getAttribute("aria-invalid") && field.id && !wrongWith(field)) mark(field, "");
    const form = field.form;
    if (form && form.dataset.draft) keepDraft(form);
    if (field.name === "ingredient") suggest(field.value);
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest("button, a, [data-dialog]");
    if (!target) return;
    if (target.classList.contains("menu-button")) {
      const open = byId("menu").classList.toggle("open");
      target.setAttribute("aria-expanded", String(open));
    } else if (target.dataset.dialog) {
      event.preventDefault();
      byId(target.dataset.dialog).showModal();
    } else if ("close" in target.dataset) {
      target.closest("dialog").close();
    } else if ("addRow" in target.dataset) {
      addRow();
    } else if ("up" in target.dataset) {
      const row = target.closest("li");
      if (row.previousElementSibling) row.parentNode.insertBefore(row, row.previousElementSibling);
      number(row.parentNode);
      target.focus();
    }
  });

  // The form of a meal --------------------------------------------------------------------------

  const number = (rows) => {
    [...rows.children].forEach((row, at) => {
      row.querySelector('[name="ingredient"]').setAttribute("aria-label", `Product ${at + 1}`);
      row.querySelector('[name="grams"]').setAttribute("aria-label", `Grams ${at + 1}`);
      row.querySelector("[data-up]").setAttribute("aria-label", `Move up ${at + 1}`);
    });
  };
  const addRow = () => {
    const rows = byId("rows");
    const row = rows.lastElementChild.cloneNode(true);
    for (const field of row.querySelectorAll("input")) {
      field.value = "";
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    for (const error of row.querySelectorAll(".error")) error.remove();
    rows.append(row);
    number(rows);
    row.querySelector("input").focus();
  };

  const keepDraft = (form) => {
    const draft = { name: form.elements.name.value, instructions: form.elements.instructions.value };
    sessionStorage.setItem(`draft-${form.dataset.draft}`, JSON.stringify(draft));
  };
  const takeUpDraft = (form) => {
    let draft = null;
    try { draft = JSON.parse(sessionStorage.getItem(`draft-${form.dataset.draft}`)); } catch { /* not ours */ }
    for (const name of ["name", "instructions"]) {
      if (draft && draft[name] && !form.elements[name].value) form.elements[name].value = draft[name];
    }
  };

  let asked = 0;
  const suggest = async (text) => {
    if (text.trim().length < 2) return;
    const mine = ++asked;
    try {
      const found = await call("GET", `/api/v1/products?limit=8&search=${encodeURIComponent(text)}`);
      if (mine !== asked) return;
      byId("products").replaceChildren(...found.map((each) => new Option(each.name, each.name)));
    } catch { /* it is only a help */ }
  };

  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest ? event.target.closest(".ingredient") : null;
    if (dragged) event.dataTransfer.setData("text/plain", "ingredient");
  });
  document.addEventListener("dragover", (event) => {
    const row = dragged && event.target.closest(".ingredient");
    if (row) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const row = dragged && event.target.closest(".ingredient");
    if (!row || row === dragged) return;
    event.preventDefault();
    const below = [...row.parentNode.children].indexOf(dragged) < [...row.parentNode.children].indexOf(row);
    row.parentNode.insertBefore(dragged, below ? row.nextSibling : row);
    number(row.parentNode);
    say("The ingredients are in another order.");
  });
  document.addEventListener("dragend", () => { dragged = null; });
})();
