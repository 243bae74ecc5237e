import fc from "fast-check";
import { expect, it } from "vitest";
import { IdTable } from "../../ts/search/id-table.js";

/** Strings of every kind of unit, halves of surrogate pairs too, and integers. */
const ids = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 4 }),
  fc.string({ maxLength: 3 }),
  fc.maxSafeInteger(),
  fc.integer({ min: -3, max: 30 }),
);
const calls = fc.array(
  fc.oneof(
    fc.record({ add: fc.array(ids, { maxLength: 12 }) }),
    fc.record({ remove: fc.nat() }),
    fc.record({ keep: fc.nat() }),
  ),
);

it("gives ids as they were added, after any were removed", () => {
  fc.assert(
    fc.property(calls, (made) => {
      const table = new IdTable();
      const rows: (string | number)[] = [];
      for (const call of made) {
        if ("add" in call) {
          const names = call.add.map(String);
          const known = rows.map(String);
          const twice = names.findIndex((name, i) => known.includes(name) || names.indexOf(name) < i);
          expect(table.add("add", call.add)).toBe(twice);
          if (twice < 0) rows.push(...call.add);
        } else if ("keep" in call) {
          rows.length = Math.min(rows.length, call.keep);
          table.truncate(rows.length);
        } else if (rows.length > 0) {
          const row = call.remove % rows.length;
          table.removeRow(row);
          const last = rows.pop()!;
          if (row < rows.length) rows[row] = last;
        }
        expect(Array.from({ length: table.length }, (_, row) => table.at(row))).toEqual(rows);
        for (const [row, id] of rows.entries()) expect(table.find(id)).toBe(row);
      }
    }),
  );
});

it("an id of a million characters, and what is left of many that were removed", () => {
  const table = new IdTable();
  const long = ["a", "é", "日"].map((unit) => unit.repeat(1_000_000));
  const short = Array.from({ length: 5_000 }, (_, i) => `doc-${i}`);
  expect(table.add("add", [...long, ...short])).toBe(-1);
  for (const [row, id] of long.entries()) expect(table.at(row) === id).toBe(true);
  for (const id of [...long, ...short.slice(100)]) table.removeRow(table.find(id));
  expect(Array.from({ length: table.length }, (_, row) => table.at(row)).sort()).toEqual(short.slice(0, 100).sort());
  for (const id of long) expect(table.find(id)).toBe(-1);
});
