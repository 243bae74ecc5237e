// @rest services
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ConfigError } from "../../../ts/errors/errors.js";
import { type JobSettings, tasks } from "../../../ts/tasks/index.js";
import { RecordWriter } from "../../../ts/training/store/run-record.js";
import type { RunStore } from "../../../ts/training/store/run-store.js";
import { localTrials } from "../src/sweep/local-trials.js";
import { takeSweep } from "../src/sweep/sweep-plan.js";

/** What ends each training once it has begun. */
let fault: ConfigError;
vi.mock("../src/engine-pool.js", () => ({
  EnginePool: class {
    readonly use = (_wanted: unknown, work: (worker: null) => Promise<unknown>) => work(null);
    readonly close = () => undefined;
  },
}));
vi.mock("../src/run-until.js", () => ({
  standingOf: () => Promise.resolve(null),
  async runUntil(settings: JobSettings, store: RunStore) {
    const record = await RecordWriter.of(store, settings, false, tasks);
    await record.train(4);
    await record.fail(fault);
    throw fault;
  },
}));
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lowrank-trials-"))));
afterAll(() => rm(folder, { recursive: true }));

/** The errors of trainings that have come to the end of their stage. */
async function ended(out: string): Promise<(string | null)[]> {
  const plan = takeSweep("a test", { spec: { data: "a.csv", steps: 4 }, grid: { rank: [2, 4] }, eta: 1 });
  const trials = localTrials("a test", plan, join(folder, out), { threads: 1 }, new AbortController().signal);
  const errors: (string | null)[] = [];
  const at = { stage: 0, choices: [0, 1], names: plan.trials.map(({ name }) => name) };
  await trials.run(plan.trials, at, (_, { error }) => Promise.resolve(void errors.push(error)));
  trials.close();
  return errors;
}

it("a setting that diverges is told so, and the others go on", async () => {
  fault = new ConfigError("training diverged: the loss of step 3 is NaN", { step: 3 });
  expect(await ended("diverged")).toEqual([fault.message, fault.message]);
});

it("a disk that is full ends the sweep, and no setting counts as failed for it", async () => {
  const path = "/runs/sweep/trials/1-seed-0";
  fault = new ConfigError(`${path} cannot be written to: ENOSPC: no space left on device, write`, { path });
  await expect(ended("full")).rejects.toBe(fault);
});
