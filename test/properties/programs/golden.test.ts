import { expect, it } from "vitest";
import * as ops from "../../../ts/ops/all.js";
import { goldenBytes } from "../../golden.js";
import { runWatched } from "./check.js";
import { compare, type Tally } from "./compare.js";
import { readGolden } from "./golden-file.js";
import { statements } from "./program.js";

const programs = readGolden(new TextDecoder().decode(await goldenBytes("programs/programs.jsonl")));

it("random programs compute what PyTorch computed", () => {
  const tally: Tally = { elements: 0, unsure: 0, worst: 0 };
  for (const { program, masks, expected } of programs) {
    try {
      const run = runWatched(program);
      expect(Object.fromEntries(run.masks())).toEqual(masks);
      compare(run.events, expected, tally);
    } catch (cause) {
      throw new Error(`program ${program.seed}: ${String(cause)}`, { cause });
    }
  }
  expect(tally.elements).toBeGreaterThan(30_000);
  expect(tally.unsure).toBeLessThan(tally.elements / 50);
});

it("the programs use every op", () => {
  const all = programs.flatMap(({ program }) => [...statements(program.body)]);
  const used = new Set(all.flatMap((statement) => (statement.do === "apply" ? [statement.op] : [])));
  expect([...used].sort()).toEqual(Object.keys(ops).sort());
});

it("a result that is off by a little is noticed", () => {
  const { program, expected } = programs.find((golden) =>
    golden.expected.some(({ value }) => (value?.length ?? 0) > 3),
  )!;
  const { events } = runWatched(program);
  for (const { tensor } of events) if (tensor) tensor.data[0]! *= 1 + 1e-4;
  expect(() => compare(events, expected, { elements: 0, unsure: 0, worst: 0 })).toThrow(/element 0/);
});
