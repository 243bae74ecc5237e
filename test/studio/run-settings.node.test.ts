// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { plain } from "../../web/src/data/rows.js";
import { partsOf } from "../../web/src/engine/parts.js";
import { rowsFor, specOf, stepsFor } from "../../web/src/engine/settings.js";
import { defaults } from "../../web/src/state/settings.js";

const quick = { ...defaults, effort: "quick" } as const;

it("a quick look takes each label's share from everywhere in the table, and all of one that is rare", () => {
  const labelOf = (i: number) => (i % 250 === 0 ? "rare" : i % 4 === 0 ? "seldom" : "often");
  const rows = Array.from({ length: 2000 }, (_, id) => ({ id, label: labelOf(id) }));
  const taken = rowsFor(quick, rows);
  const count = (of: readonly { label: string }[], name: string) => of.filter(({ label }) => label === name).length;
  expect(count(taken, "rare")).toBe(count(rows, "rare"));
  for (const name of ["seldom", "often"]) expect(count(taken, name)).toBe(Math.round(count(rows, name) / 5));
  // In their order, each once, from the first rows to the last.
  const ids = taken.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  expect(ids[0]).toBeLessThan(10);
  expect(ids.at(-1)).toBeGreaterThan(1990);
  // What is small, and what is not looked at quickly, is taken whole.
  expect(rowsFor(quick, rows.slice(0, 400))).toHaveLength(400);
  expect(rowsFor(defaults, rows)).toBe(rows);
});

it("a run's spec is the person's: rare labels weigh more where they are told to, and thorough takes twice the steps", () => {
  const spec = (effort: typeof defaults.effort, unbalanced: boolean) =>
    specOf({ ...defaults, effort }, "a.jsonl", "model", 1000, unbalanced);
  expect(spec("normal", true)).toMatchObject({ classWeights: "balanced", rank: 8, alpha: 16, seed: 0 });
  expect(spec("normal", false)).not.toHaveProperty("classWeights");
  // The recipe's own number of steps, which stops early by the validation.
  expect(spec("normal", false)).not.toHaveProperty("steps");
  expect(spec("thorough", false).steps).toBe(2 * stepsFor(defaults, 1000));
  expect(spec("quick", false)).toMatchObject({ steps: 30, evaluateEvery: 10 });
});

it("texts that differ in case, width and spaces are one where rows are parted: none is asked of what learnt it", () => {
  const same = ["Café  au lait", "CAFÉ au lait", "cafe\u0301 au\u00a0lait ", "ｃafé au lait"];
  expect(new Set(same.map(plain)).size).toBe(1);
  const examples = Array.from({ length: 40 }, (_, i) => ({ text: `text ${i}`, label: i % 2 ? "a" : "b" }));
  const mixed = examples.flatMap((one, i) => (i < same.length ? [one, { text: same[i]!, label: "a" }] : [one]));
  const parts = partsOf(mixed, 3);
  const where = mixed.flatMap(({ text }, i) => (same.includes(text) ? [parts[i]!] : []));
  expect(where).toHaveLength(same.length);
  expect(new Set(where).size).toBe(1);
  for (const part of [0, 1, 2]) expect(parts.filter((one) => one === part).length).toBeGreaterThan(10);
});
