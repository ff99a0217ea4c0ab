// The desk's small help: keys, news while a page is open, copying, choosing all. Everything works without it.
"use strict";
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const $$ = (what, where = document) => [...where.querySelectorAll(what)];
  const csrf = () => $("input[name=token]")?.value || "";
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window */ } };

  // Keys: what an element's data-key says, and moving through rows. Off while someone types, and where he wants none.
  const dialog = $("#keys");
  const off = $("#keys-off");
  if (off) {
    off.checked = stored("uketsuke-keys") === "off";
    off.addEventListener("change", () => store("uketsuke-keys", off.checked ? "off" : "on"));
  }
  const rows = () => $$("[data-row]");
  let here = -1;
  const go = (by) => {
    const all = rows();
    if (!all.length) return;
    here = Math.max(0, Math.min(all.length - 1, here + by));
    all.forEach((row, at) => row.classList.toggle("here", at === here));
    $("[data-open]", all[here])?.focus();
    all[here].scrollIntoView({ block: "nearest" });
  };
  const choose = () => {
    const box = $("input[type=checkbox]", rows()[here] || document.createElement("i"));
    if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); }
  };
  const own = { j: () => go(1), k: () => go(-1), x: choose };
  const press = (element) => {
    if (!element.matches("a, [data-dialog]")) element.closest("details:not([open])")?.setAttribute("open", "");
    const field = element.dataset.focus && document.getElementById(element.dataset.focus);
    if (field) {
      field.closest("details:not([open])")?.setAttribute("open", "");
      field.focus();
      field.scrollIntoView({ block: "center" });
      return;
    }
    if (element.matches("input:not([type=checkbox]), textarea, select")) { element.focus(); element.select?.(); } else element.click();
  };
  let first = "";
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing) { if (event.key === "Escape") event.target.blur(); return; }
    if (dialog?.open || (off?.checked && event.key !== "?")) return;
    const keys = first ? `${first} ${event.key}` : event.key;
    first = "";
    const target = $$("[data-key]").find((one) => one.dataset.key === keys);
    if (target) { event.preventDefault(); press(target); return; }
    if (own[keys] && rows().length) { event.preventDefault(); own[keys](); return; }
    if ($$("[data-key]").some((one) => one.dataset.key.startsWith(`${keys} `))) first = keys;
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row) here = rows().indexOf(row);
  });

  // The overlay lists what this page's keys do.
  $$("[data-dialog]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const list = $("dl", dialog);
      list.replaceChildren();
      const told = rows().length ? [["j", list.dataset.next], ["k", list.dataset.prev], ["Enter", list.dataset.open], ["x", list.dataset.choose]] : [];
      $$("[data-key]").forEach((one) => told.push([one.dataset.key, one.dataset.does]));
      const seen = new Set();
      for (const [keys, does] of told) {
        if (!does || seen.has(keys)) continue;
        seen.add(keys);
        const name = document.createElement("dt");
        keys.split(" ").forEach((key) => { const box = document.createElement("kbd"); box.textContent = key; name.append(box, " "); });
        const said = document.createElement("dd");
        said.textContent = does;
        list.append(name, said);
      }
      dialog.showModal();
    });
  });

  // Menus close when something else is used.
  document.addEventListener("click", (event) => $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") $$("details.menu[open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); }); });

  const allBox = () => {
    const all = $("[data-all]");
    if (!all) return;
    all.hidden = false;
    all.addEventListener("change", () => $$("input[name=refs]").forEach((box) => { box.checked = all.checked; }));
  };
  allBox();

  // A link to a form opens it and puts the cursor there.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-focus]");
    if (link) { event.preventDefault(); press(link); }
  });

  // Chips copy what they say.
  document.addEventListener("click", async (event) => {
    const chip = event.target.closest?.("[data-copy]");
    if (!chip) return;
    try { await navigator.clipboard.writeText(chip.dataset.copy); } catch {
      const field = document.createElement("textarea");
      field.value = chip.dataset.copy;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    chip.classList.add("copied");
    const told = $("#told");
    if (told) told.textContent = `${told.dataset.copied}: ${chip.dataset.copy}`;
    setTimeout(() => chip.classList.remove("copied"), 1500);
  });

  // News: of the queue its parts are fetched anew, unless someone is about to choose; of a ticket he is told.
  const live = $("[data-live]");
  if (!live || !window.EventSource) return;
  const ref = live.dataset.live;
  const busy = () => $("input[name=refs]:checked") || document.activeElement?.closest?.("#bulk, .filters");
  const notice = (text, action) => {
    let bar = $("#news");
    if (!bar) {
      bar = document.createElement("div");
      bar.id = "news";
      bar.className = "banner news";
      bar.setAttribute("role", "status");
      const button = document.createElement("button");
      button.type = "button";
      button.addEventListener("click", () => location.reload());
      bar.append(document.createElement("span"), button);
      $("main").before(bar);
    }
    $("span", bar).textContent = text;
    $("button", bar).textContent = action;
  };
  let waiting = 0;
  const refresh = async () => {
    waiting = 0;
    if (busy()) { notice(live.dataset.refresh, live.dataset.reload); return; }
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (busy()) { notice(live.dataset.refresh, live.dataset.reload); return; }
    $$("[data-part]").forEach((part) => {
      const other = $(`[data-part="${part.dataset.part}"]`, fresh);
      if (other && other.innerHTML !== part.innerHTML) part.replaceChildren(...document.importNode(other, true).childNodes);
    });
    allBox();
    rows()[here]?.classList.add("here");
  };
  const source = new EventSource(`/live?ref=${ref}&since=${live.dataset.since || 0}`);
  source.addEventListener("message", () => {
    if (ref) notice(live.dataset.changed, live.dataset.reload);
    else if (!waiting) waiting = setTimeout(refresh, 400);
  });
  addEventListener("pagehide", () => source.close());

  // A ticket's page tells that it is open, and whether someone writes on it.
  const viewers = $("#viewers");
  if (!ref || !viewers) return;
  const present = async () => {
    if (document.hidden) return;
    const writing = $$("textarea").some((one) => one === document.activeElement || one.value !== one.defaultValue);
    try {
      const response = await fetch(`/live/${ref}`, { method: "POST", credentials: "same-origin", body: new URLSearchParams({ token: csrf(), writing: String(writing) }) });
      if (!response.ok) return;
      const said = (await response.json()).viewers.map((one) => viewers.dataset[one.writing ? "writing" : "viewing"].replace("{name}", one.agent));
      if (viewers.textContent !== said.join(" · ")) viewers.textContent = said.join(" · ");
    } catch { /* the desk is away for a moment */ }
  };
  setInterval(present, 30000);
  setTimeout(present, 1000);
  document.addEventListener("focusin", (event) => { if (event.target.matches("textarea")) present(); });
})();
