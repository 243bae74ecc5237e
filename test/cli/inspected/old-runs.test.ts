import { mkdtempSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lowrank, project } from "../fixture.js";

// Runs that an earlier version left: see test/jobs/old-runs.node.test.ts. A copy, since a folder of a run may be claimed.
let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lowrank-old-"));
  await cp(join(project, "test/golden/runs-before"), folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shown: Readonly<Record<string, RegExp>> = {
  classify:
    /^accuracy +\d+\.\d % untrained head, \d+\.\d % head-only baseline, \d+\.\d %.* trained, on \d+ test texts$/m,
  tokens: /^entity F1 +\d+\.\d % head-only baseline, \d+\.\d % the result, on \d+ test examples$/m,
  text: /^perplexity +\d+\.\d+ before, \d+\.\d+ trained, on \d+ tokens of \d+ examples; step \d+ was kept$/m,
  chat: /^perplexity +\d+\.\d+ before, \d+\.\d+ trained, on \d+ tokens of \d+ examples; step \d+ was kept$/m,
};

const inspect = async (...parts: string[]) => {
  const { code, out, err } = await lowrank(["inspect", join(folder, ...parts)]);
  expect([code, err]).toEqual([0, ""]);
  return out;
};

describe.each(Object.keys(shown))("a run of task %s from an earlier version", (kind) => {
  it("is explained when it is finished", async () => {
    const out = await inspect(kind, "finished");
    expect(out).toMatch(/^run +finished, 20/);
    expect(out).toMatch(shown[kind]!);
  });

  it("is explained when it is unfinished", async () => {
    const out = await inspect(kind, "unfinished");
    expect(out).toMatch(/^run +interrupted after step 7 of 12\n/);
    expect(out).toMatch(/^settings +12 steps of 6, learning rate 0\.01, rank 2/m);
    expect(out).toMatch(/^to continue +lowrank finetune --resume /m);
  });
});

it("folds from an earlier version are explained", async () => {
  expect(await inspect("folds", "finished")).toMatch(/^folds +cross-validation, all 3 folds done/);
  expect(await inspect("folds", "unfinished")).toMatch(/^folds +cross-validation, 2 of 3 folds done/);
});
