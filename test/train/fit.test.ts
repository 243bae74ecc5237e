import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AbortError,
  type BatchLoss,
  type Checkpoint,
  ConfigError,
  engineInfo,
  fit,
  Graph,
  type NodeId,
  NonFiniteError,
  type Task,
  tensor,
} from "../../ts/index.js";

/** Rows `[in]` and their targets; a row may have none. */
interface Row {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** y = x·w on rows with any number of targets, each of them a repetition of x·w. */
class Regression implements Task<Row> {
  readonly weight: NodeId;
  losses = 0;

  constructor(
    readonly graph: Graph,
    private readonly dropout = 0,
  ) {
    this.weight = graph.variable(tensor([3, 1], [0.5, -0.25, 1]));
  }

  params(): NodeId[] {
    return [this.weight];
  }

  loss(rows: readonly Row[]): BatchLoss {
    this.losses++;
    const { graph } = this;
    const pairs = rows.flatMap(({ x, y }) => y.map((target) => ({ x, target })));
    const x = graph.constant(
      tensor(
        [pairs.length, 3],
        pairs.flatMap((pair) => [...pair.x]),
      ),
    );
    const y = graph.constant(
      tensor(
        [pairs.length, 1],
        pairs.map(({ target }) => target),
      ),
    );
    const seen = this.dropout > 0 ? graph.dropout(x, this.dropout) : x;
    const sum = graph.mseLoss(graph.matmul(seen, this.weight), y, { reduction: "sum" });
    return { sum, targets: pairs.length, tokens: pairs.length };
  }

  get values(): number[] {
    return [...this.graph.value(this.weight).data];
  }
}

const rows: Row[] = Array.from({ length: 12 }, (_, i) => ({
  x: [Math.sin(i), Math.cos(3 * i), (i % 5) / 4],
  y: Array.from({ length: 1 + ((i * 7) % 5) }, (_, j) => Math.sin(i + j)),
}));

let graph: Graph;
let used: number;
beforeEach(() => {
  used = engineInfo().memory.used;
  graph = new Graph();
});
afterEach(() => {
  graph.dispose();
  expect(engineInfo().memory.used).toBe(used);
});

/** Linear memory in use after `body`, over what it was before. */
async function taken(body: () => Promise<unknown>): Promise<number> {
  const before = engineInfo().memory.used;
  await body();
  return engineInfo().memory.used - before;
}

describe("accumulation", () => {
  it("weighs by targets: micro-batches of unlike counts give what one batch gives", async () => {
    const [whole, parts] = [new Regression(graph), new Regression(graph)];
    const run = { steps: 9, batchSize: 6, learningRate: 0.05, maxGradNorm: 0.3 };
    const one = await fit(whole, rows, run);
    const four = await fit(parts, rows, { ...run, accumulate: 4 });
    expect(parts.losses).toBe(3 * 9); // 6 rows in parts of 2
    four.steps.forEach(({ loss, gradNorm }, i) => {
      expect(loss).toBeCloseTo(one.steps[i]!.loss, 5);
      expect(gradNorm).toBeCloseTo(one.steps[i]!.gradNorm, 5);
    });
    parts.values.forEach((value, i) => expect(value).toBeCloseTo(whole.values[i]!, 5));
  });

  it("the gradient is that of the mean over targets, not over examples", async () => {
    const task = new Regression(graph);
    const [w0, w1, w2] = task.values as [number, number, number];
    const { steps } = await fit(task, rows, { steps: 1, batchSize: 12, learningRate: 0, maxGradNorm: null });
    const gradient = [0, 0, 0];
    let [count, sum] = [0, 0];
    for (const { x, y } of rows) {
      for (const target of y) {
        const error = w0 * x[0]! + w1 * x[1]! + w2 * x[2]! - target;
        x.forEach((value, i) => (gradient[i]! += 2 * error * value));
        sum += error ** 2;
        count++;
      }
    }
    expect(count).not.toBe(rows.length);
    expect(steps[0]!.loss).toBeCloseTo(sum / count, 5);
    expect(steps[0]!.gradNorm).toBeCloseTo(Math.hypot(...gradient) / count, 5);
  });

  it("a part without targets counts for nothing; a step without any is an error that changes nothing", async () => {
    const task = new Regression(graph);
    const [first] = rows as [Row];
    const some = [first, { x: first.x, y: [] }];
    const both = await fit(task, some, { steps: 1, batchSize: 2, accumulate: 2, learningRate: 0 });
    const alone = await fit(task, [first], { steps: 1, batchSize: 1, learningRate: 0 });
    expect(both.steps[0]!.loss).toBeCloseTo(alone.steps[0]!.loss, 6);
    const none = fit(task, [{ x: first.x, y: [] }], { steps: 1 });
    await expect(none).rejects.toThrow("no example of this step has a target");
    expect(task.values).toEqual([0.5, -0.25, 1]);
  });
});

describe("cancelling", () => {
  it("answers within a step, keeps what was learnt, hands over a checkpoint and gives memory back", async () => {
    const task = new Regression(graph);
    const controller = new AbortController();
    const saved: Checkpoint[] = [];
    await fit(new Regression(graph), rows, { steps: 1, batchSize: 4 }); // the graph's own first chunk
    const memory = await taken(async () => {
      const running = fit(task, rows, {
        steps: 1000,
        batchSize: 4,
        signal: controller.signal,
        checkpoint: { every: 1000, save: (checkpoint) => void saved.push(checkpoint) },
        onProgress: ({ step }) => void (step === 6 && controller.abort(new Error("enough"))),
      });
      await expect(running).rejects.toThrow(AbortError);
      await expect(running).rejects.toMatchObject({ cause: new Error("enough"), details: { step: 7 } });
    });
    expect(saved.map(({ step }) => step)).toEqual([7]);
    expect([...saved[0]!.parameters[0]!.data]).toEqual(task.values);
    // The gradient of the weight, which is its own for good.
    expect(memory).toBe(64);

    const undisturbed = new Regression(graph);
    await fit(undisturbed, rows, { steps: 12, batchSize: 4 });
    const resumed = new Regression(graph);
    const upTo7 = new Regression(graph);
    const checkpoints: Checkpoint[] = [];
    await fit(upTo7, rows, {
      steps: 12,
      batchSize: 4,
      checkpoint: { every: 7, save: (checkpoint) => void checkpoints.push(checkpoint) },
    });
    await fit(resumed, rows, { steps: 12, batchSize: 4, resume: checkpoints[0]! });
    expect(resumed.values).toEqual(undisturbed.values);
  });

  it("is heard at once, however many steps there are to be", async () => {
    const start = performance.now();
    const running = fit(
      { ...taskOf(new Regression(graph)), memory: (part: readonly Row[]) => 64 * part.length },
      rows,
      { steps: 20_000_000, batchSize: 4, signal: AbortSignal.timeout(50) },
    );
    await expect(running).rejects.toThrow(AbortError);
    expect(performance.now() - start).toBeLessThan(5000); // walking all steps took 34 s
  });
});

/** A task whose methods stand on the object itself. */
function taskOf(task: Regression): Task<Row> {
  return { graph: task.graph, params: () => task.params(), loss: (part) => task.loss(part) };
}

describe("a throw in the middle", () => {
  it.each([
    ["progress", { onProgress: fail }],
    ["a checkpoint", { checkpoint: { every: 1, save: fail } }],
    ["a schedule", { schedule: (step: number) => (step === 2 ? fail() : 0.01) }],
    ["a schedule's NaN", { schedule: () => NaN }],
  ])("of %s gives everything back, and the next fit works", async (_, options) => {
    const task = new Regression(graph);
    await fit(task, rows, { steps: 1 });
    expect(await taken(async () => expect(fit(task, rows, { steps: 5, ...options })).rejects.toThrow())).toBe(0);
    await fit(task, rows, { steps: 2 });
    expect(task.values.every(Number.isFinite)).toBe(true);
  });

  it("of a loss leaves the parameters as the last step left them", async () => {
    const task = new Regression(graph);
    const good = task.loss.bind(task);
    task.loss = (part) => (task.losses === 3 ? fail() : good(part));
    await expect(fit(task, rows, { steps: 9, batchSize: 4 })).rejects.toThrow("on purpose");
    const three = new Regression(graph);
    await fit(three, rows, { steps: 9, batchSize: 4, onProgress: ({ step }) => void (step === 2 && fail()) }).catch(
      () => undefined,
    );
    expect(task.values).toEqual(three.values);
  });
});

function fail(): never {
  throw new Error("on purpose");
}

describe("what an attack found", () => {
  it("a long history is taken over, and a checkpoint that is refused changes nothing", async () => {
    const task = new Regression(graph);
    const saved: Checkpoint[] = [];
    await fit(task, rows, { steps: 1, checkpoint: { every: 1, save: (checkpoint) => void saved.push(checkpoint) } });
    const [{ parameters, optimizer, history }] = saved as [Checkpoint];
    const long = Array.from({ length: 150_000 }, (_, step) => ({ ...history[0]!, step }));
    const resume = { parameters, optimizer, history: long, step: long.length, streams: 0 };
    const { steps } = await fit(task, rows, { steps: long.length + 1, resume });
    expect(steps).toHaveLength(long.length + 1);
    graph.setValue(task.weight, tensor([3, 1], [7, 8, 9]));
    const refused = { ...resume, streams: 2 ** 40 };
    await expect(fit(task, rows, { steps: long.length + 1, resume: refused })).rejects.toThrow("checkpoint.streams");
    expect(task.values).toEqual([7, 8, 9]);
  });

  it.each([1, 2])(
    "a task that throws in a step of %i parts leaves no gradient and no random numbers drawn",
    async (parts) => {
      const task = new Regression(graph, 0.5);
      const good = task.loss.bind(task);
      task.loss = (part) => {
        const loss = good(part);
        return task.losses === parts ? fail() : loss;
      };
      const drawn = graph.streamsDrawn;
      await expect(fit(task, rows, { steps: 3, batchSize: 4, accumulate: parts })).rejects.toThrow("on purpose");
      expect(graph.grad(task.weight)).toBeNull();
      expect(graph.streamsDrawn).toBe(drawn);
    },
  );

  it("a progress function that never comes to its end does not keep a cancelled fit waiting", async () => {
    const controller = new AbortController();
    const running = fit(new Regression(graph), rows, {
      steps: 5,
      signal: controller.signal,
      onProgress: () => new Promise(() => void setTimeout(() => controller.abort(), 5)),
    });
    await expect(running).rejects.toThrow(AbortError);
  });
});

describe("what is not finite is noticed", () => {
  it.each([
    ["loss", { x: [1, 0, 0], y: [NaN] }, "the loss is NaN"],
    ["gradients", { x: [3e38, 3e38, 0], y: [1] }, "the loss is Infinity"],
  ])("in the %s, before the update", async (_, bad, message) => {
    const task = new Regression(graph);
    const running = fit(task, [bad], { steps: 3 });
    await expect(running).rejects.toThrow(NonFiniteError);
    await expect(running).rejects.toThrow(message);
    expect(task.values).toEqual([0.5, -0.25, 1]);
    expect(graph.grad(task.weight)).toBeNull();
  });

  it("in the norm of the gradients, where the loss is finite", async () => {
    const task = new Regression(graph);
    const good = task.loss.bind(task);
    task.loss = (part) => {
      const loss = good(part);
      // √x at 0 has value 0 and gradient ∞.
      const zero = graph.mul(task.weight, graph.constant(tensor([], [0])));
      return { ...loss, sum: graph.add(loss.sum, graph.sum(graph.sqrt(zero))) };
    };
    for (const maxGradNorm of [1, null]) {
      await expect(fit(task, rows, { steps: 1, maxGradNorm })).rejects.toThrow("the norm of the gradients is NaN");
    }
    expect(task.values).toEqual([0.5, -0.25, 1]);
  });

  it("in the parameters after the last update, and no checkpoint is handed over", async () => {
    const task = new Regression(graph);
    const saved: number[] = [];
    const running = fit(task, rows, {
      steps: 3,
      weightDecay: 1e38,
      schedule: (step) => (step === 2 ? 1e10 : 0),
      checkpoint: { every: 1, save: ({ step }) => void saved.push(step) },
    });
    await expect(running).rejects.toThrow("after step 3 a parameter is not finite");
    expect(saved).toEqual([1, 2]);
  });
});

describe("options are checked before any work", () => {
  it.each<[string, object, string]>([
    ["a name that is another's", { lr: 1 }, 'did you mean "learningRate"'],
    ["a misspelt one", { epoch: 1 }, 'did you mean "epochs"'],
    ["no object", 5 as unknown as object, "options are an object"],
    ["steps", { steps: 1.5 }, "steps is a whole number from 1"],
    ["batchSize", { batchSize: "8" }, "batchSize is a whole number from 1"],
    ["maxGradNorm", { maxGradNorm: 0 }, "maxGradNorm is a number above 0"],
    ["learningRate", { learningRate: NaN }, "learningRate is a number from 0"],
    ["epochs", { epochs: Infinity }, "epochs is a number above 0"],
    ["checkpoint", { checkpoint: { every: 1 } }, "checkpoint.save is a function"],
    ["onProgress", { onProgress: 1 }, "onProgress is a function"],
    ["resume", { resume: { step: 25.5 } }, "checkpoint.step"],
  ])("%s", async (_, options, message) => {
    const task = new Regression(graph);
    const running = fit(task, rows, options);
    await expect(running).rejects.toThrow(ConfigError);
    await expect(running).rejects.toThrow(message);
    expect(task.losses).toBe(0);
    await fit(task, rows, { steps: 1 }); // its parameters are free again
  });
});

it("draws from the graph as if alone: the same dropout whatever others draw meanwhile", async () => {
  const values = async (others: number) => {
    const own = new Graph({ seed: 4 });
    const task = new Regression(own, 0.5);
    const start = own.streamsDrawn;
    await fit(task, rows, { steps: 6, batchSize: 4, onProgress: () => void (own.streamsDrawn += others) });
    expect(own.streamsDrawn).toBe(start + 6 * Math.max(1, others));
    const found = task.values;
    own.dispose();
    return found;
  };
  expect(await values(3)).toEqual(await values(0));
});
