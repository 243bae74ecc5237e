import { afterEach, describe, expect, it } from "vitest";
import { openRounds, readSafetensors, type TaskRounds, tasks, writeSafetensors } from "lowrank/extension";
import type { FileMap, SavedFiles, Tensor } from "../../../ts/index.js";
import type { TaskName } from "../../../ts/jobs/index.js";
import { taskNames, tinyRun } from "../../../test/tasks/tiny-tasks.js";
import { taskModels } from "../src/node/task-models.js";
import { packNpy } from "../src/objects/npy.js";
import { LocalRounds } from "../src/rounds/local-round.js";
import type { FederationEvent } from "../src/join-options.js";
import type { AdapterShape, RoundSettings } from "../src/rounds/round-settings.js";
import { SharedAdapter } from "../src/rounds/shared-adapter.js";

const opened: TaskRounds[] = [];
afterEach(() => opened.splice(0).forEach((rounds) => rounds.dispose()));

/** What a node has, of some rows of the task's data. */
async function node(task: TaskName, [from, to]: readonly [number, number]) {
  const { spec, sources } = tinyRun(task);
  const some: typeof sources = {
    ...sources,
    async readData(name) {
      const { bytes } = await sources.readData(name);
      const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
      const header = name.endsWith(".csv") ? lines.splice(0, 1) : [];
      const own = lines.slice(from * lines.length, to * lines.length);
      return { name, bytes: new TextEncoder().encode(`${[...header, ...own].join("\n")}\n`) };
    },
  };
  const {
    steps: _,
    rank: __,
    evaluateEvery: ___,
    validationSplit: ____,
    testSplit: _____,
    ...columns
  } = spec as Record<string, unknown>;
  const rounds = await openRounds("a test", columns as unknown as typeof spec, { sources: some });
  opened.push(rounds);
  const events: FederationEvent[] = [];
  const models = taskModels(rounds);
  return { models, events, local: new LocalRounds({ models, maxSteps: 100, onEvent: (event) => events.push(event) }) };
}

const settingsOf = (shared: SharedAdapter, shape: Parameters<typeof SharedAdapter.of>[1]): RoundSettings => ({
  ...shape,
  ...{ encoder: shared.encoder.fingerprint, maxTokens: shared.encoder.maxTokens, sharedA: shared.sharedA },
  ...{ round: 1, rounds: 2, freezeA: true, fitHead: true, epochs: 1, batchSize: 4, learningRate: 0.01 },
  ...{ weightDecay: 0.01, maxGradNorm: 1, private: false, evaluate: true },
});

const contentOf = (arrays: ReadonlyMap<string, Tensor>) => ({
  config: new Map(),
  arrays: async () => new Map([...arrays].map(([name, tensor]) => [name, packNpy(tensor)])),
});

/** The mean of the nodes' arrays, weighted by their examples. */
function averaged(replies: readonly { readonly arrays: ReadonlyMap<string, Tensor>; readonly count: number }[]) {
  const total = replies.reduce((sum, { count }) => sum + count, 0);
  return new Map(
    [...replies[0]!.arrays].map(([name, { shape, data }]) => {
      const mean = data.map((_, i) =>
        replies.reduce((sum, one) => sum + (one.count / total) * one.arrays.get(name)!.data[i]!, 0),
      );
      return [name, { shape, data: mean }] as const;
    }),
  );
}

/** What determines the shared adapter of a small federation. */
const shapeOf = (task: string, labels: readonly string[]): AdapterShape => ({
  ...{ task, taskSettings: {}, labels, rank: 2, alpha: 4, targetModules: null, rslora: false, dropout: 0, seed: 0 },
});

describe.each(taskNames)("nodes of the task %s", (task) => {
  it("train one adapter in rounds: B and head change, A does not, and metrics are the task's", async () => {
    const server = await node(task, [0, 1]);
    const labels = opened[0]!.labels;
    const shape = shapeOf(task, labels);
    const shared = await SharedAdapter.of(server.models, shape);
    const settings = settingsOf(shared, shape);
    const nodes = [await node(task, [0, 0.5]), await node(task, [0.5, 1])];
    let arrays: ReadonlyMap<string, Tensor> = shared.arraysOf(shared.files, true);
    const first = arrays;
    const losses: number[] = [];
    for (const round of [1, 2]) {
      const replies = [];
      for (const { local, models } of nodes) {
        const reply = await local.train({ ...settings, round }, contentOf(arrays));
        expect(Object.fromEntries(reply.metrics)).toEqual({
          loss: expect.any(Number),
          "num-examples": models.counts.train,
        });
        losses.push(reply.metrics.get("loss")!);
        replies.push({ arrays: reply.arrays!, count: models.counts.train });
      }
      arrays = averaged(replies);
    }
    expect(losses.every(Number.isFinite)).toBe(true);
    expect([...arrays.keys()].some((name) => name.includes("lora_A"))).toBe(false);
    const changed = [...arrays].filter(([name, { data }]) =>
      data.some((value, i) => value !== first.get(name)!.data[i]),
    );
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.some(([name]) => name.includes("lora_B"))).toBe(true);
    // Both nodes measure the same model, each on its own examples.
    for (const { local, events } of nodes) {
      const { metrics, arrays: none } = await local.evaluate({ ...settings, round: 2 }, contentOf(arrays));
      const { "num-examples": count, loss, ...own } = Object.fromEntries(metrics);
      expect([none, count! > 0, Number.isFinite(loss)]).toEqual([null, true, true]);
      expect(Object.keys(own).length).toBeGreaterThan(0);
      for (const name of Object.keys(own)) expect(Object.keys(tasks[task].metrics)).toContain(name);
      const told = events.at(-1) as FederationEvent & { type: "evaluated" };
      expect(told).toMatchObject({ type: "evaluated", metrics: own, loss });
      // A is the one of the seed, after rounds too.
      expect(bytesOf(readA(told.files))).toEqual(bytesOf(readA(shared.files)));
    }
  });
});

/** Every A in files. */
function readA(files: FileMap) {
  const file = readSafetensors((files as SavedFiles)["adapter_model.safetensors"]!);
  return file.names.filter((name) => name.includes("lora_A")).map((name) => [name, file.tensor(name)] as const);
}

const bytesOf = (tensors: ReturnType<typeof readA>) => writeSafetensors(tensors);

it("a node refuses a server of another task, and settings that are not the server's", async () => {
  const { local, models } = await node("regress", [0, 1]);
  const shape = shapeOf("regress", []);
  const shared = await SharedAdapter.of(models, shape);
  const settings = settingsOf(shared, shape);
  const content = contentOf(shared.arraysOf(shared.files, true));
  await expect(local.train({ ...settings, task: "pairs" }, content)).rejects.toThrow(
    /trains the task "pairs", and this node has joined for "regress"/,
  );
  await expect(local.train({ ...settings, taskSettings: { data: "/etc/passwd" } }, content)).rejects.toThrow(
    /task-settings.*data/,
  );
  await expect(local.train({ ...settings, taskSettings: { loss: "dpo" } }, content)).rejects.toThrow(/loss/);
});
