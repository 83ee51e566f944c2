"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const cards = [...document.querySelectorAll("article")];
  const texts = cards.map((card) => card.textContent.toLowerCase());
  const filter = $("#filter"), count = $("#count"), none = $("#none");
  const whole = count.textContent;

  function apply() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, place) => {
      card.hidden = !words.every((word) => texts[place].includes(word));
      shown += !card.hidden;
    });
    count.textContent = words.length ? `${shown} of ${cards.length} jobs` : whole;
    none.hidden = shown > 0;
  }
  filter.addEventListener("input", apply);
  apply();

  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = "";
  const theme = () => { root.dataset.theme = chosen || (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", theme);
  $("#theme").addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    theme();
  });
  theme();

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const part = button.closest("section");
    const pairs = [...part.querySelectorAll("dt")].map((name) => `${name.textContent}: ${name.nextElementSibling.textContent}`);
    await copy(pairs.length ? pairs.join("\n") : $(".text", part).textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  const dialog = $("dialog"), picture = $("img", dialog), about = $("p span", dialog), original = $("a", dialog);
  const [before, after] = [$("#before"), $("#after")];
  let place = 0;
  const links = () => [...document.querySelectorAll("article:not([hidden]) a.file")];
  function show(next) {
    const all = links();
    if (!all.length) return;
    place = Math.max(0, Math.min(all.length - 1, next));
    const link = all[place], small = $("img", link);
    picture.onerror = () => { picture.onerror = null; picture.src = small.src; };
    picture.src = link.href;
    picture.alt = small.alt;
    original.href = link.href;
    about.textContent = `${$("h2 a", link.closest("article")).textContent} (${place + 1} of ${all.length})`;
    before.disabled = place === 0;
    after.disabled = place === all.length - 1;
    if (!dialog.open) dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.file");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(links().indexOf(link));
  });
  before.addEventListener("click", () => show(place - 1));
  after.addEventListener("click", () => show(place + 1));
  $("#close").addEventListener("click", () => dialog.close());
  $("figure", dialog).addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => links()[place]?.focus());
  document.addEventListener("keydown", (event) => {
    if (dialog.open && event.key === "ArrowLeft") show(place - 1);
    else if (dialog.open && event.key === "ArrowRight") show(place + 1);
    else if (!dialog.open && event.key === "/" && document.activeElement !== filter) {
      event.preventDefault();
      filter.focus();
    } else if (event.key === "Escape" && document.activeElement === filter) {
      filter.value = "";
      filter.blur();
      apply();
    }
  });
})();
