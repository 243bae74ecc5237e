import { expect, it } from "vitest";
import { findingsIn } from "../../web/src/data/findings.js";
import { isLaidOut } from "../../web/src/data/sheet-extent.js";
import { seenRows } from "../../web/src/parts/seen-rows.js";

it("every row can be scrolled to, of more than a browser draws below each other too", () => {
  for (const count of [0, 1, 30, 10_000, 2_500_000]) {
    const [height, seen] = [40, 600];
    const all = (top: number) => {
      const { first, last, above, below } = seenRows(top, seen, count, height);
      return { first, last, above, below, total: above + (last - first) * height + below };
    };
    const { total } = all(0);
    expect(total).toBe(Math.min(count * height, 16e6));
    const end = Math.max(total - seen, 0);
    for (const share of [0, 0.2, 0.5, 0.9, 1]) {
      const { first, last, above, total: now } = all(share * end);
      expect(now).toBeCloseTo(total, 3);
      // What is drawn covers what is seen.
      expect(above).toBeLessThanOrEqual(share * end);
      expect(above + (last - first) * height).toBeGreaterThanOrEqual(Math.min(share * end + seen, total) - 1e-3);
    }
    expect(all(0).first).toBe(0);
    expect(all(end).last).toBe(count);
  }
});

it("labels that are alike are found with their rows, in groups of which some are listed", () => {
  const rows = Array.from({ length: 4000 }, (_, id) => ({
    id,
    text: `text ${id}`,
    label: id < 200 ? "alone" : `User ${id % 40}`,
  }));
  const given = rows.map((row) =>
    row.id < 200 || row.id % 80 < 40 ? row : { ...row, label: row.label.toUpperCase() },
  );
  const alike = findingsIn(given).filter(({ kind }) => kind === "similarLabels");
  expect(alike).toHaveLength(20);
  expect(alike[0]!.labels).toEqual(["USER 0", "User 0"]);
  expect(alike[0]!.rows).toEqual(given.filter(({ label }) => /^user 0$/i.test(label)).map(({ id }) => id));
});

it("a sheet whose empty cells would fill the memory is told by its addresses", () => {
  const cell = (at: string, end = "><v>1</v></c>") => `<c r="${at}" s="1"${end}`;
  expect(isLaidOut(`<row r="1">${cell("A1")}${cell("XFD1")}</row><row r="1000">${cell("B1000")}</row>`)).toBe(true);
  expect(isLaidOut(`<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/x"/>`)).toBe(true);
  // Formats reach further than what stands in cells.
  expect(isLaidOut(`<row r="1048576">${cell("A1")}${cell("XFD1048576", "/>")}</row>`)).toBe(true);
  for (const far of [
    cell("XFD1") + cell("A1048576"),
    cell("AAAA1"),
    cell("A1048577"),
    cell("A&#49;e9"),
    `<row r='1e7'>`,
    `<row x:r="1e7">`,
  ])
    expect(isLaidOut(far)).toBe(false);
  for (const row of ["Infinity", " 1e12", "0xffffff"]) expect(isLaidOut(`<row r="${row}">`)).toBe(false);
});

it("a sheet that hides how far it reaches is told too, and one that is no XML costs no time", () => {
  const far = (cell: string) => `<row r="1"><c r="A1"><v>1</v></c></row>${cell}<v>1</v></c>`;
  for (const cell of [
    "<c r='XFD1048576'>",
    '<c t=">" r="XFD1048576">',
    '<c r="XFD1048576" x="/>">',
    '<x:c x:r="XFD1048576">',
    '<c r="xfd1048576">',
    '<c r="XFD1e6">',
    '<c r="\uffff1000">',
    '<c\nr = "XFD1048576"\n>',
  ])
    expect(isLaidOut(far(cell))).toBe(false);
  expect(isLaidOut(`<row r="1"><c r='XFD1048576' s='1' t="s" /></row>`)).toBe(true);
  const before = performance.now();
  for (const piece of ["<c ", '<c r="A1"', ' r="A1"', " r='", "\n", " a", "<c r='A1' s='"])
    expect(typeof isLaidOut(piece.repeat(300_000))).toBe("boolean");
  expect(performance.now() - before).toBeLessThan(5000);
});
