"use strict";
(() => {
  const all = (what, from = document) => [...from.querySelectorAll(what)];

  // Dark or light: the system's choice until one chooses. Some browsers keep nothing for files.
  const root = document.documentElement;
  const keep = (value) => { try { localStorage.setItem("theme", value); } catch {} };
  try { const kept = localStorage.getItem("theme"); if (kept) root.dataset.theme = kept; } catch {}
  const theme = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    keep(root.dataset.theme);
  };
  document.getElementById("theme").addEventListener("click", theme);

  // Tables: numbers fall first, words rise first; rows without a value are last; groups stay apart.
  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return null;
    if (cell.classList.contains("n")) return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
    return cell.textContent.trim().toLowerCase() || null;
  };
  const sort = (table, column, falling) => {
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
      const keyed = rows.map((row, i) => [value(row, column), i, row]);
      keyed.sort(([a, i], [b, j]) => {
        if (a === null || b === null) return (a === null) - (b === null) || i - j;
        const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
        return (falling ? -order : order) || i - j;
      });
      body.append(...keyed.map((k) => k[2]));
    }
    all("thead th", table).forEach((th, i) => {
      if (i === column) th.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    });
  };
  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((th, column) => th.querySelector("button").addEventListener("click", () => {
      const now = th.getAttribute("aria-sort");
      sort(table, column, now ? now === "ascending" : th.classList.contains("n"));
    }));
  }

  // Clips: another score, and those that hold a word.
  const index = document.getElementById("index");
  const score = document.getElementById("score");
  if (score) score.addEventListener("change", () => {
    for (const cell of all("td[data-all]", index)) {
      const told = cell.dataset.all.split("|")[score.value];
      if (told === "") { delete cell.dataset.v; cell.textContent = "–"; }
      else { cell.dataset.v = told; cell.textContent = Number(told).toFixed(3).replace("-", "−"); }
    }
    const sorted = all("thead th", index).findIndex((th) => th.hasAttribute("aria-sort"));
    if (sorted > 0) sort(index, sorted, index.tHead.rows[0].cells[sorted].getAttribute("aria-sort") === "descending");
  });
  const find = document.getElementById("find");
  if (find) {
    const clips = all("article.clip");
    const rows = new Map(all("tbody tr", index).map((row) => [decodeURIComponent(row.querySelector("a").hash.slice(1)), row]));
    const words = clips.map((clip) => clip.textContent.toLowerCase());
    const found = document.getElementById("found");
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      let shown = 0;
      clips.forEach((clip, i) => {
        const hidden = !words[i].includes(wanted);
        clip.hidden = rows.get(clip.id).hidden = hidden;
        shown += !hidden;
      });
      found.textContent = wanted ? `${shown} of ${clips.length} clips` : `${clips.length} clips`;
    });
  }

  for (const button of all(".copy")) button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    try { await navigator.clipboard.writeText(code.textContent); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(code); button.textContent = "Selected"; }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // Keys.
  const step = (by) => {
    const stops = all(".stop").filter((stop) => !stop.hidden);
    const at = stops.findLastIndex((stop) => stop.getBoundingClientRect().top < 70);
    const to = stops[by > 0 ? at + 1 : at > 0 ? at - 1 : 0];
    if (to) { to.scrollIntoView({ behavior: "instant" }); to.focus({ preventScroll: true }); history.replaceState(null, "", `#${to.id}`); }
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
    const keys = { j: () => step(1), k: () => step(-1), d: theme, t: () => scrollTo({ top: 0 }), "/": () => find && find.focus() };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
})();
