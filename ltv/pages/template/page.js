"use strict";
// A cell that a spreadsheet would run as a formula is made inert; a number written by us is not one.
const inert = (cell, text) => (cell.dataset.value === undefined && /^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" + text : text);
const quoted = (text) => (/[",;\t\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);
const words = (cell) => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll(".ltv-hidden").forEach((node) => node.remove());
  return copy.textContent.trim();
};
const exported = (cell) => {
  if (cell.classList.contains("ltv-unknown")) return [""];
  if (cell.dataset.split !== undefined) return cell.dataset.split.split("|");
  return [cell.dataset.value ?? words(cell)];
};
const csv = (table) => {
  const wide = [...table.tHead.rows[0].cells].map((cell) => (cell.dataset.split === undefined ? 1 : 2));
  return [...table.rows]
    .map((row) =>
      [...row.cells]
        .flatMap((cell, i) => {
          const parts = exported(cell);
          return (parts.length < wide[i] ? ["", ""] : parts).map((part) => quoted(inert(cell, part)));
        })
        .join(","),
    )
    .join("\r\n");
};
const key = (cell) => (cell.dataset.value === undefined ? words(cell) : Number(cell.dataset.value));
const order = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
const sort = (table, head) => {
  const down = head.getAttribute("aria-sort") === "ascending";
  const rows = [...table.tBodies[0].rows];
  const unknown = (row) => row.cells[head.cellIndex].classList.contains("ltv-unknown");
  rows.sort((a, b) => {
    if (unknown(a) || unknown(b)) return unknown(a) - unknown(b);
    const [x, y] = [key(a.cells[head.cellIndex]), key(b.cells[head.cellIndex])];
    return down ? order(y, x) : order(x, y);
  });
  table.tBodies[0].append(...rows);
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
};
for (const box of document.querySelectorAll(".ltv-table, .ltv-triangle")) {
  const table = box.querySelector("table");
  if (box.classList.contains("ltv-table") && table.tBodies[0].rows.length > 1) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head));
      head.append(button);
    }
  }
  if (box.dataset.search !== undefined) {
    const [label, input] = [document.createElement("label"), document.createElement("input")];
    label.className = "search";
    input.type = "search";
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    label.append(box.dataset.search, input);
    box.prepend(label);
  }
  const save = document.createElement("button");
  save.className = "csv";
  save.textContent = "Save as CSV";
  save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + csv(table)], { type: "text/csv" }));
    link.download = box.id + ".csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  box.append(save);
}
