// @rest services
import { afterEach, describe, expect, it } from "vitest";
import { openRounds, readSafetensors, tasks, writeSafetensors } from "lowrank/extension";
import { engineInfo, type FileMap, NonFiniteError, type SavedFiles, type Tensor } from "../../../ts/index.js";
import type { TaskName } from "../../../ts/jobs/index.js";
import { tinyRun, tinyRuns } from "../../../test/tasks/tiny-tasks.js";
import { LocalRounds } from "../src/rounds/local-round.js";
import type { FederationEvent } from "../src/join-options.js";
import { SharedAdapter } from "../src/rounds/shared-adapter.js";
import { taskModels } from "../src/rounds/task-models.js";
import { contentOf, settingsOf, shapeOf } from "./round-parts.js";

const opened: Awaited<ReturnType<typeof openRounds>>[] = [];
afterEach(() => opened.splice(0).forEach((rounds) => rounds.dispose()));

/** What a node has, of some rows of the task's data. */
async function node(
  task: TaskName,
  [from, to]: readonly [number, number],
  more: object = {},
  model?: (typeof tinyRuns)[number]["model"],
) {
  const { spec, sources } = tinyRun(task, model);
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
  const rounds = await openRounds("a test", { ...columns, ...more } as unknown as typeof spec, { sources: some });
  opened.push(rounds);
  const events: FederationEvent[] = [];
  const models = taskModels(rounds);
  return { models, events, local: new LocalRounds({ models, maxSteps: 100, onEvent: (event) => events.push(event) }) };
}

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

describe.each(tinyRuns)("nodes of $title", ({ task, model }) => {
  it("train one adapter in rounds: B and head change, A does not, and metrics are the task's", async () => {
    const server = await node(task, [0, 1], {}, model);
    const labels = opened[0]!.labels;
    const shape = shapeOf(task, labels);
    const shared = await SharedAdapter.of(server.models, shape);
    const settings = settingsOf(shared, shape);
    const nodes = [await node(task, [0, 0.5], {}, model), await node(task, [0.5, 1], {}, model)];
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

it.each(["regress", "pairs", "tokens", "text"] as const)(
  "a round of the task %s gives the same bits, whatever rounds a node had before",
  async (task) => {
    const [early, late] = [await node(task, [0, 1]), await node(task, [0, 1])];
    const shape = { ...shapeOf(task, opened[0]!.labels), dropout: 0.2 };
    const shared = await SharedAdapter.of(early.models, shape);
    const [settings, arrays] = [settingsOf(shared, shape), shared.arraysOf(shared.files, true)];
    await early.local.train(settings, contentOf(arrays));
    await early.local.evaluate(settings, contentOf(arrays));
    const second = ({ local }: typeof early) => local.train({ ...settings, round: 2 }, contentOf(arrays));
    const [after, alone] = [await second(early), await second(late)];
    expect(writeSafetensors([...after.arrays!])).toEqual(writeSafetensors([...alone.arrays!]));
  },
);

it.each(["classify", "multi-label", "tokens", "rank", "chat"] as const)(
  "a node of the task %s trains with LoRA+, whose A stays constant too",
  async (task) => {
    const { local, models } = await node(task, [0, 1], { loraPlusRatio: 16 });
    const shape = shapeOf(task, opened[0]!.labels);
    const shared = await SharedAdapter.of(models, shape);
    const reply = await local.train(settingsOf(shared, shape), contentOf(shared.arraysOf(shared.files, true)));
    expect([...reply.arrays!].some(([name, { data }]) => name.includes("lora_B") && data.some((x) => x !== 0))).toBe(
      true,
    );
  },
);

it.each([
  ["classify", 5 / 48],
  ["multi-label", 1 / 48],
  ["tokens", 1 / 48],
] as const)("a node of the task %s may have few of the classes", async (task, share) => {
  const server = await node(task, [0, 1]);
  const shape = shapeOf(task, opened[0]!.labels);
  const shared = await SharedAdapter.of(server.models, shape);
  const weights = { classWeights: { [shape.labels.at(-1)!]: 2 } };
  const { local, models } = await node(task, [0, share], task === "classify" ? weights : {});
  expect(models.hasEvery(shape.labels)).toBe(false);
  const reply = await local.train(settingsOf(shared, shape), contentOf(shared.arraysOf(shared.files, true)));
  expect(Number.isFinite(reply.metrics.get("loss"))).toBe(true);
});

it.each([{ headOnly: true }, { recipe: "few-shot" }, { dora: true }, { lora: { initLoraWeights: "pissa" } }])(
  "a node refuses own settings that would make another adapter: %j",
  async (more) => {
    const [name] = Object.keys(more);
    await expect(node("classify", [0, 1], more)).rejects.toThrow(
      new RegExp(`^${name}: all parties train the same adapter`),
    );
  },
);

it.each(["text", "preferences", "regress"] as const)(
  "a node of the task %s reports no measurement of a model that gives no numbers",
  async (task) => {
    const { local, models } = await node(task, [0, 1]);
    const shape = shapeOf(task, []);
    const shared = await SharedAdapter.of(models, shape);
    const arrays = [...shared.arraysOf(shared.files, true)];
    const huge = arrays.map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 1e30) }] as const);
    const settings = settingsOf(shared, shape);
    await expect(local.evaluate(settings, contentOf(new Map(huge)))).rejects.toThrow(NonFiniteError);
    await expect(local.train(settings, contentOf(new Map(huge)))).rejects.toThrow(NonFiniteError);
    // The next round does not remember them.
    expect((await local.train(settings, contentOf(new Map(arrays)))).metrics.get("loss")).toSatisfy(Number.isFinite);
  },
);

it("many rounds need the memory of one", async () => {
  const { local, models } = await node("regress", [0, 1]);
  const shape = shapeOf("regress", []);
  const shared = await SharedAdapter.of(models, shape);
  const settings = settingsOf(shared, shape);
  let arrays: ReadonlyMap<string, Tensor> = shared.arraysOf(shared.files, true);
  const used: number[] = [];
  for (let round = 1; round <= 50; round++) {
    arrays = (await local.train({ ...settings, round, rounds: 50 }, contentOf(arrays))).arrays!;
    await local.evaluate({ ...settings, round, rounds: 50 }, contentOf(arrays));
    used.push(engineInfo().memory.used);
  }
  expect(used.at(-1)).toBe(used[1]);
});
