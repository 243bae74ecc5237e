import { describe, expect, it } from "vitest";
import { report, runCase } from "./run-case.js";
import { goldenSeeds } from "./seeds.js";
import { readerTargets } from "./targets.js";

/** Damaged files of each kind; scripts/fuzz/readers.mjs goes on from other seeds. */
const CASES = 120;

const targets = await readerTargets(await goldenSeeds());

describe("readers of undamaged files", () => {
  for (const [i, target] of targets.entries())
    it(`${target.name} (${i})`, async () => {
      await expect((async () => target.read(target.files))()).resolves.not.toThrow();
    });
});

describe("readers of damaged files read them, or throw a short error of ours", () => {
  for (const [i, target] of targets.entries())
    it(`${target.name} (${i})`, async () => {
      for (let seed = 0; seed < CASES; seed++) expect(report(await runCase(target, 1000 * i + seed))).toBe(null);
    });
});
