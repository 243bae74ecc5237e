// @rest services
import { afterAll, beforeAll, expect, it } from "vitest";
import { openRounds, type Rounds, trainRounds, writeSafetensors } from "lowrank/extension";
import { tinyRun, tinyRuns } from "../../../test/tasks/tiny-tasks.js";
import { start } from "../../../test/worker/in-worker.js";
import type { Tensor } from "../../../ts/index.js";
import type { TaskName } from "../../../ts/jobs/index.js";
import type { LowrankWorker } from "../../../ts/worker/index.js";
import { joinBy } from "../src/join-federation.js";
import type { FederationEvent } from "../src/join-options.js";
import { LocalRounds } from "../src/rounds/local-round.js";
import type { AdapterShape } from "../src/rounds/round-settings.js";
import { SharedAdapter } from "../src/rounds/shared-adapter.js";
import { taskModels } from "../src/rounds/task-models.js";
import { FalseServer } from "./false-server.js";
import { contentOf, settingsOf, shapeOf } from "./round-parts.js";

let worker: LowrankWorker;
beforeAll(async () => void (worker = await start()));
afterAll(() => worker?.terminate());

/** A spec without what the server sets. */
function run(task: TaskName, model?: (typeof tinyRuns)[number]["model"]) {
  const { spec, sources } = tinyRun(task, model);
  const own = new Set(["steps", "rank", "evaluateEvery", "validationSplit", "testSplit"]);
  return { spec: Object.fromEntries(Object.entries(spec).filter(([name]) => !own.has(name))) as typeof spec, sources };
}

/** Two rounds and a measurement by a node: the last update, and what it has told. */
async function trained(rounds: Rounds, taskSettings: AdapterShape["taskSettings"] = {}) {
  const events: FederationEvent[] = [];
  const models = taskModels(rounds);
  const local = new LocalRounds({ models, maxSteps: 100, onEvent: (event) => events.push(event) });
  const shape = { ...shapeOf(rounds.task, rounds.labels), dropout: 0.1, taskSettings };
  const shared = await SharedAdapter.of(models, shape);
  const settings = settingsOf(shared, shape);
  let arrays: ReadonlyMap<string, Tensor> = shared.arraysOf(shared.files, true);
  for (const round of [1, 2]) arrays = (await local.train({ ...settings, round }, contentOf(arrays))).arrays!;
  const { metrics } = await local.evaluate({ ...settings, round: 2 }, contentOf(arrays));
  // Of progress only the newest comes out of a worker.
  const told = events.filter(({ type }) => type !== "step");
  return { update: writeSafetensors([...arrays]), metrics, told };
}

it.each(tinyRuns)("a node trains $title in a worker to the same bits as in its thread", async ({ task, model }) => {
  const { spec, sources } = run(task, model);
  const rounds = await openRounds("a test", spec, { sources });
  const here = await trained(rounds).finally(() => rounds.dispose());
  let there: typeof here | undefined;
  const work = async (given: Rounds) => void (there = await trained(given));
  await trainRounds("a test", spec, work, { sources, worker });
  expect(there).toEqual(here);
  expect(here.told).toHaveLength(5);
});

it("a node in a worker reads its rows for the server's loss, and counts them as in its thread", async () => {
  const { spec, sources } = run("rank");
  const lists = { loss: "lambda" };
  const rounds = await openRounds("a test", spec, { sources });
  const here = await trained(rounds, lists).finally(() => rounds.dispose());
  let there: typeof here | undefined;
  const work = async (given: Rounds) => void (there = await trained(given, lists));
  await trainRounds("a test", spec, work, { sources, worker });
  expect(there).toEqual(here);
  expect(here.metrics.get("num-examples")).toBe(48);
});

it("a round in a worker ends when it is aborted, and the next one gives the bits of another worker's", async () => {
  const { spec, sources } = run("regress");
  const updates: (Uint8Array | string)[] = [];
  const work = (disturbed: boolean) => async (rounds: Rounds) => {
    const shape = shapeOf("regress", []);
    const models = taskModels(rounds);
    const shared = await SharedAdapter.of(models, shape);
    const { seed } = shape;
    const changes = { seed, rank: 2, alpha: 4, batchSize: 4 };
    const files = shared.files;
    if (disturbed) {
      const leaving = new AbortController();
      await rounds.open(files, changes, {});
      const fit = rounds.fit({
        steps: 1_000_000,
        freezeA: true,
        signal: leaving.signal,
        onProgress: () => leaving.abort(),
      });
      updates.push(await fit.then(String, (error: Error) => error.name));
    }
    await rounds.open(files, changes, {});
    await rounds.fit({ steps: 3, freezeA: true });
    updates.push((await rounds.save())["adapter_model.safetensors"]!);
    await rounds.close();
  };
  for (const disturbed of [true, false]) await trainRounds("a test", spec, work(disturbed), { sources, worker });
  const [ended, after, alone] = updates;
  expect(ended).toBe("AbortError");
  expect(after).toEqual(alone);
});

it("errors of a node's work come back as they were, and a worker that ends is named", async () => {
  const { spec, sources } = run("regress");
  const own = new RangeError("of the caller");
  await expect(trainRounds("a test", spec, () => Promise.reject(own), { sources, worker })).rejects.toBe(own);
  const strange = { ...spec, data: "absent.csv" };
  const none = { ...sources, readData: () => Promise.reject(own) };
  await expect(trainRounds("a test", strange, async () => undefined, { sources: none, worker })).rejects.toBe(own);
  const doomed = await start();
  const work = async (rounds: Rounds) => {
    doomed.terminate();
    await rounds.create({});
  };
  await expect(trainRounds("a test", spec, work, { sources, worker: doomed })).rejects.toMatchObject({
    name: "WorkerLostError",
  });
});

it("a node whose worker ends while the server has no work leaves, and names what happened", async () => {
  const { spec: job, sources } = run("regress");
  const doomed = await start();
  const server = await FalseServer.of({
    config: {},
    arrays: new Map(),
    answer(path) {
      if (path !== "pull-messages") return null;
      doomed.terminate();
      return new Uint8Array();
    },
  });
  const joined = joinBy({ server: "http://flower.test", job, sources, worker: doomed }, server.transport);
  await expect(joined).rejects.toMatchObject({ name: "WorkerLostError" });
  expect(server.calls.get("deactivate-node")).toBe(1);
  expect(server.calls.get("unregister-node")).toBe(1);
});
