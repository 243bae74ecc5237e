import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as local from "../../ts/index.js";
import {
  AbortError,
  ConfigError,
  type LowrankWorker,
  SentenceEncoder,
  StaleNodeError,
  startWorker,
  TextClassifier,
  WorkerLostError,
} from "../../ts/worker/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { inPage, start, workerFile } from "./in-worker.js";

const texts = examples.map(({ text }) => text);
const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

let worker: LowrankWorker;
beforeAll(async () => {
  worker = await start({ abortLimit: 60_000 });
});
afterAll(() => worker.terminate());

const newEncoder = async () => SentenceEncoder.load(await tinyEncoder(), { worker });
const newClassifier = async () => TextClassifier.create(await newEncoder(), { labels: ["good", "bad"] });

describe("errors arrive as what they are", () => {
  it("of the same class, message, code and details as here, with their cause", async () => {
    const encoder = await newEncoder();
    const here = await local.SentenceEncoder.load(await tinyEncoder());
    for (const call of [
      (one: { encode: (...args: never[]) => unknown }) => one.encode("a text" as never),
      (one: { encode: (...args: never[]) => unknown }) => one.encode(["a"] as never, { normalise: true } as never),
    ]) {
      const a = (await thrown(call(here) as Promise<unknown>)) as ConfigError;
      const b = (await thrown(call(encoder) as Promise<unknown>)) as ConfigError;
      expect(b).toBeInstanceOf(ConfigError);
      expect([b.name, b.message, b.code, b.details]).toEqual([a.name, a.message, a.code, a.details]);
    }
    const files = { ...(await tinyEncoder()), "config.json": new TextEncoder().encode("{") };
    const a = (await thrown(local.SentenceEncoder.load(files))) as local.ModelError;
    const b = (await thrown(SentenceEncoder.load(files, { worker }))) as local.ModelError;
    expect(b).toBeInstanceOf(local.ModelError);
    expect([b.message, b.details]).toEqual([a.message, a.details]);
    expect(b.cause).toBeInstanceOf((a.cause as Error).constructor);
    here.dispose();
  });

  it("what cannot be sent is refused by its place, and nothing was sent", async () => {
    const encoder = await newEncoder();
    const options = { adapter: () => "a" } as never;
    await expect(encoder.encode(texts, options)).rejects.toThrow(/encode: options\.adapter cannot be sent/);
    const row = { text: "a", label: Symbol("good") } as never;
    const classifier = await TextClassifier.create(encoder, { labels: ["good", "bad"] });
    await expect(classifier.evaluate([row])).rejects.toThrow(/evaluate: examples\[0\]\.label cannot be sent/);
    const engine = {} as never;
    await expect(SentenceEncoder.load({}, { worker, engine } as never)).rejects.toThrow(/engine is not of this thread/);
    await expect(TextClassifier.create({} as never, { labels: ["a", "b"] })).rejects.toThrow(ConfigError);
    const other = await start();
    const foreign = await SentenceEncoder.load(await tinyEncoder(), { worker: other });
    const mixed = [
      { classifier, text: "a" },
      { classifier: await TextClassifier.create(foreign, { labels: ["a", "b"] }), text: "b" },
    ];
    const { predictEach } = await import("../../ts/worker/index.js");
    await expect(predictEach(mixed)).rejects.toThrow(/of the same worker/);
    expect(await predictEach([mixed[0]!])).toEqual(await classifier.predict(["a"]));
    other.terminate();
  });
});

const ENGINE = { kind: "named", name: "engineInfo" };
const packed = {
  name: "Error",
  message: "a",
  stack: null,
  code: null,
  details: null,
  cause: null,
  value: null,
  thrown: null,
};
const circle: Record<string, unknown> = { ...packed };
circle["cause"] = circle;
const bare: unknown = Object.create(null);
/** What stands in a message for an error, and is none. */
const malformedErrors: unknown[] = [{}, [], { cause: {} }, circle, { ...packed, cause: 3 }];
malformedErrors.push(...["name", "message", "code", "thrown"].map((field) => ({ ...packed, [field]: bare })));

/** Files whose bytes are shared with whoever holds them. */
const shared = (bytes: Uint8Array) => {
  const array = new Uint8Array(new SharedArrayBuffer(bytes.length + 8), 4, bytes.length);
  array.set(bytes);
  return array;
};

/** An object whose values come from getters. */
function gotten(from: object): object {
  const properties = Object.entries(from).map(([name, value]) => [
    name,
    { enumerable: true, get: () => value as unknown },
  ]);
  return Object.defineProperties({}, Object.fromEntries(properties) as PropertyDescriptorMap);
}

describe("arrays on a SharedArrayBuffer", () => {
  it("are copied at the call: who changes them meanwhile changes nothing of it", async () => {
    // A page has it where it is isolated; the call is the same without.
    if (typeof SharedArrayBuffer === "undefined") return expect(inPage).toBe(true);
    const files = await tinyEncoder();
    const own = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, shared(bytes)]));
    const loading = SentenceEncoder.load(own, { worker });
    Object.values(own).forEach((bytes) => bytes.fill(0));
    const encoder = await loading;
    const [expected] = [await (await newEncoder()).encode(texts)];
    expect(await encoder.encode(texts)).toEqual(expected);
    // Also those that a class has, or a getter gives.
    class Files {}
    const kinds = [(from: object) => Object.assign(new Files(), from), gotten];
    for (const make of kinds) {
      const once = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, shared(bytes)]));
      const pending = SentenceEncoder.load(make(once) as never, { worker });
      Object.values(once).forEach((bytes) => bytes.fill(0));
      expect(await (await pending).encode(texts)).toEqual(expected);
    }
  });
});

describe("order and disposal", () => {
  it("calls begin in their order: each takes what is there when it begins", async () => {
    const encoder = await newEncoder();
    await encoder.addAdapter("a");
    const classifier = await TextClassifier.create(encoder, { labels: ["good", "bad"], adapter: "b" });
    await classifier.fit(examples, { steps: 2, learningRate: 0.1 });
    const [alone, base] = [await encoder.encode(["a film"], { adapter: "b" }), await encoder.encode(["a film"])];
    const first = encoder.encode(["a film"]);
    const chosen = encoder.setAdapter("b");
    const second = encoder.encode(["a film"]);
    expect([await first, await chosen, await second]).toEqual([base, undefined, alone]);
    expect(alone).not.toEqual(base);
  });

  it("disposing of an encoder ends its calls by name, as it does here, and others of that worker go on", async () => {
    const [encoder, other] = [await newEncoder(), await newEncoder()];
    const many = Array.from({ length: 50 }, () => texts).flat();
    const pending = thrown(encoder.encode(many));
    const alongside = other.encode(texts);
    await encoder.dispose();
    expect(await pending).toBeInstanceOf(StaleNodeError);
    expect(await alongside).toHaveLength(texts.length);
    await expect(encoder.encode(["a"])).rejects.toThrow(StaleNodeError);
  });

  it("a classifier in training is not disposed of", async () => {
    const classifier = await newClassifier();
    const fitting = classifier.fit(examples, { steps: 200, batchSize: 4 });
    await expect(classifier.dispose()).rejects.toThrow(ConfigError);
    await fitting;
    await classifier.dispose();
    await expect(classifier.predict(["a"])).rejects.toThrow(/this classifier was disposed/);
  });
});

describe("aborting", () => {
  it("ends a call with AbortError of the caller's reason, and the rest goes on", async () => {
    const classifier = await newClassifier();
    const controller = new AbortController();
    const reason = { mine: () => true };
    const onProgress = () => controller.abort(reason);
    const fitting = classifier.fit(examples, { steps: 100_000, batchSize: 4, signal: controller.signal, onProgress });
    const error = (await thrown(fitting)) as AbortError;
    expect(error).toBeInstanceOf(AbortError);
    expect([error.name, error.code, error.details["reason"], error.cause]).toEqual([
      "AbortError",
      "ABORTED",
      reason,
      reason,
    ]);
    const signal = AbortSignal.abort("before");
    expect(((await thrown(classifier.predict(texts, { signal }))) as AbortError).details["reason"]).toBe("before");
    expect(await classifier.predict(["a film"])).toHaveLength(1);
  });

  it("is heard from a getter of the arguments", async () => {
    const classifier = await newClassifier();
    const controller = new AbortController();
    const last = { text: "a", label: "good" };
    Object.defineProperty(last, "label", { enumerable: true, get: () => (controller.abort(), "good") });
    const options = { steps: 100_000, batchSize: 4, signal: controller.signal };
    expect(await thrown(classifier.fit([...examples, last], options))).toBeInstanceOf(AbortError);
  });

  it("a signal that is none, or cannot be listened to, ends its call and leaves nothing waiting", async () => {
    const short = await start();
    const encoder = await SentenceEncoder.load(await tinyEncoder(), { worker: short });
    const half = { aborted: false, addEventListener: () => undefined } as unknown as AbortSignal;
    await expect(encoder.encode(texts, { signal: half })).rejects.toThrow();
    const mine = new Error("mine");
    const addEventListener = () => {
      throw mine;
    };
    const deaf = { ...half, addEventListener, removeEventListener: () => undefined } as unknown as AbortSignal;
    expect(await thrown(encoder.encode(texts, { signal: deaf }))).toBe(mine);
    const pending = thrown(encoder.encode(texts));
    short.terminate();
    expect(await pending).toBeInstanceOf(WorkerLostError);
  });

  it("ends the worker where the call does not answer in time; all else is lost by name", async () => {
    const short = await start({ abortLimit: 1 });
    const encoder = await SentenceEncoder.load(await tinyEncoder(), { worker: short });
    const classifier = await TextClassifier.create(encoder, { labels: ["good", "bad"] });
    const controller = new AbortController();
    // It waits for this page, which does not answer: not even an abort is heard there.
    const save = () => (controller.abort(), new Promise<void>(() => undefined));
    const fitting = classifier.fit(examples, { steps: 4, signal: controller.signal, checkpoint: { every: 1, save } });
    const beside = thrown(classifier.evaluate(Array.from({ length: 200 }, () => examples).flat()));
    expect(await thrown(fitting)).toBeInstanceOf(AbortError);
    const lost = (await beside) as WorkerLostError;
    expect(lost).toBeInstanceOf(WorkerLostError);
    expect([lost.code, lost.details["reason"]]).toEqual(["WORKER_LOST", "aborted"]);
    expect(short.lost).toBe(true);
    await expect(encoder.encode(["a"])).rejects.toThrow(WorkerLostError);
  });
});

describe("what the worker calls here", () => {
  it("checkpoints are handed over, waited for, and gone on from to the same bits", async () => {
    const options = { steps: 6, batchSize: 8, learningRate: 0.01 };
    const [whole, half] = [await newClassifier(), await newClassifier()];
    await whole.fit(examples, options);
    const checkpoints: local.Checkpoint[] = [];
    const save = async (checkpoint: local.Checkpoint) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      checkpoints.push(checkpoint);
    };
    const controller = new AbortController();
    const measure = async (step: number) => {
      if (step === 4) controller.abort();
      return (await half.evaluate(examples.slice(0, 8), { intervals: false })).loss;
    };
    const evaluate = { every: 2, measure };
    const first = half.fit(examples, {
      ...options,
      evaluate,
      signal: controller.signal,
      checkpoint: { every: 2, save },
    });
    expect(await thrown(first)).toBeInstanceOf(AbortError);
    const resume = checkpoints.at(-1)!;
    expect(resume.step).toBeLessThan(6);
    const report = await half.fit(examples, { ...options, evaluate: { every: 2, measure: () => 1 }, resume });
    expect(report.steps).toHaveLength(6);
    const again = await newClassifier();
    const { evaluation: _, ...plain } = resume;
    await again.fit(examples, { ...options, resume: plain });
    expect(await again.save()).toEqual(await whole.save());
  });

  it("schedules and orders are worked out beforehand, as functions or lists", async () => {
    const [one, two] = [await newClassifier(), await newClassifier()];
    const schedule = local.linearSchedule({ peak: 0.01, warmup: 1, total: 4 });
    const order = (step: number) => [step, step + 1];
    const a = await one.fit(examples, { steps: 4, schedule, order });
    const lists = { schedule: [0, 1, 2, 3].map(schedule), order: [0, 1, 2, 3].map(order) };
    const b = await two.fit(examples, { steps: 4, ...lists });
    expect(b.steps.map(({ learningRate }) => learningRate)).toEqual(lists.schedule);
    expect(b.steps.map(({ loss }) => loss)).toEqual(a.steps.map(({ loss }) => loss));
    await expect(one.fit(examples, { schedule })).rejects.toThrow(
      /schedule is worked out for every step.*give `steps`/,
    );
  });

  it("what a function of the caller throws ends the call by that very error", async () => {
    const classifier = await newClassifier();
    const mine = Object.assign(new Error("mine"), { extra: () => 1 });
    const fail = () => {
      throw mine;
    };
    const options = { steps: 1000, batchSize: 4 };
    expect(await thrown(classifier.fit(examples, { ...options, onProgress: fail }))).toBe(mine);
    expect(await thrown(classifier.fit(examples, { ...options, checkpoint: { every: 1, save: fail } }))).toBe(mine);
    const evaluate = { every: 1, measure: () => Promise.reject(mine) };
    expect(await thrown(classifier.fit(examples, { ...options, evaluate }))).toBe(mine);
    expect(await classifier.predict(["a film"])).toHaveLength(1);
  });

  it("what a function of the caller gives is refused by name where it is no data", async () => {
    const classifier = await newClassifier();
    const evaluate = { every: 1, measure: () => (() => 1) as never };
    const fitting = classifier.fit(examples, { steps: 2, evaluate });
    await expect(fitting).rejects.toThrow(/^fit: the result cannot be sent to a worker/);
    await expect(classifier.fit(examples, { steps: 2, evaluate })).rejects.toThrow(ConfigError);
  });

  it("what cannot be looked at ends a call too, as a reason and as what was thrown", async () => {
    const trap = () => {
      throw new Error("a trap");
    };
    const odd = Object.assign(new Error("odd"), { stack: { frames: trap } });
    for (const hostile of [new Proxy(new Error("p"), { get: trap }), new Proxy({}, { getPrototypeOf: trap }), odd]) {
      const classifier = await newClassifier();
      const controller = new AbortController();
      const onProgress = () => controller.abort(hostile);
      const options = { steps: 100_000, batchSize: 4 };
      const aborted = thrown(classifier.fit(examples, { ...options, signal: controller.signal, onProgress }));
      expect(((await aborted) as AbortError).code).toBe("ABORTED");
      const fail = () => {
        // oxlint-disable-next-line typescript/only-throw-error -- whatever a caller throws
        throw hostile;
      };
      // In a list: a promise would ask what was thrown for its `then`.
      const saved = classifier.fit(examples, { ...options, checkpoint: { every: 1, save: fail } });
      const failed = await saved.catch((error: unknown) => [error]);
      expect(failed).toHaveLength(1);
      expect(await classifier.predict(["a film"])).toHaveLength(1);
    }
  });

  it("progress comes in its order, to its last event, before the answer", async () => {
    const classifier = await newClassifier();
    const seen: number[] = [];
    const onProgress = ({ step }: { step: number }) => void seen.push(step);
    await classifier.fit(examples, { steps: 60, batchSize: 2, onProgress });
    expect(seen.at(-1)).toBe(59);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});

describe("a worker's end and beginning", () => {
  it("`terminate` rejects everything pending", async () => {
    using short = await start();
    const encoder = await SentenceEncoder.load(await tinyEncoder(), { worker: short });
    const classifier = await TextClassifier.create(encoder, { labels: ["good", "bad"] });
    const pending = [classifier.fit(examples, { steps: 10_000 }), encoder.encode(texts)].map(thrown);
    short.terminate();
    for (const error of await Promise.all(pending)) {
      expect(error).toBeInstanceOf(WorkerLostError);
      expect((error as WorkerLostError).details).toEqual({ reason: "ended" });
    }
    await expect(classifier.predict(["a"])).rejects.toThrow(WorkerLostError);
  });

  it("`terminate` in a getter of the arguments leaves nothing waiting", async () => {
    for (const inOptions of [true, false]) {
      const short = await start();
      const encoder = await SentenceEncoder.load(await tinyEncoder(), { worker: short });
      const end = { enumerable: true, get: () => (short.terminate(), undefined) };
      const options = inOptions ? Object.defineProperty({}, "normalize", end) : {};
      const given = inOptions ? texts : Object.defineProperty([...texts], texts.length, end);
      expect(await thrown(encoder.encode(given, options))).toBeInstanceOf(WorkerLostError);
    }
  });

  it("limits longer than a clock counts are no limits", async () => {
    using patient = await start({ startLimit: 1e12, abortLimit: Infinity });
    expect(patient.info.threads).toBeGreaterThan(0);
    using untimed = await start({ startLimit: Infinity });
    expect(untimed.lost).toBe(false);
  });

  it("what is no message of ours ends nothing, at either end, before the greeting and later", async () => {
    const id = 1e9;
    const strange: unknown[] = [null, undefined, 3, "a", {}, [], { type: "call" }, { type: "abort", id }];
    strange.push({ type: "call", id, target: null, args: [] }, { type: "error", id }, { type: "result", id });
    strange.push({ type: "call", id, target: { kind: "named", name: "__proto__.x" }, args: [] });
    strange.push({ type: "call", id, target: { kind: "named", name: 5 }, args: [], aborted: null });
    strange.push(...malformedErrors.map((aborted) => ({ type: "call", id, target: ENGINE, args: [], aborted })));
    strange.push(...malformedErrors.map((error) => ({ type: "error", id, error })));
    type Thread = Worker & { emit?(name: string, value: unknown): void };
    const own = (
      inPage ? new Worker(workerFile) : new (await import("node:worker_threads")).Worker(workerFile)
    ) as Thread;
    for (const one of strange) own.postMessage(one);
    using kept = await startWorker({ worker: own, threads: 1 });
    const encoder = await SentenceEncoder.load(await tinyEncoder(), { worker: kept });
    const [vector] = await encoder.encode(["good"]);
    const again = encoder.encode(["good"]);
    for (const one of strange) {
      own.postMessage(one);
      if (own.emit !== undefined) own.emit("message", one);
      else own.dispatchEvent(new MessageEvent("message", { data: one }));
    }
    expect(await again).toEqual([vector]);
    expect(await encoder.encode(["good"])).toEqual([vector]);
    await expect(startWorker({ worker: own })).rejects.toThrow(/worker is a Worker that was not given before/);
  });

  it("one that is not of this package is refused, with what to do", async () => {
    if (inPage) {
      const missing = startWorker({ url: "/project/no-such-file.js" });
      await expect(missing).rejects.toThrow(/no-such-file\.js.*(answered 404|no script).*copy .*lowrank-worker\.js/);
      const silent = URL.createObjectURL(new Blob([""], { type: "text/javascript" }));
      await expect(startWorker({ url: silent, startLimit: 200 })).rejects.toThrow(
        /did not answer within 0\.2 s; its file may not be lowrank-worker\.js/,
      );
      // A worker of an address of data would be of no origin, and hold no lock that its page would hear of.
      const script = `data:text/javascript,${encodeURIComponent(await (await fetch(workerFile)).text())}`;
      using written = await startWorker({ url: script, threads: 1 });
      expect((await written.engineInfo()).threads).toBe(1);
      const worker = new Worker(workerFile);
      await expect(startWorker({ worker, url: workerFile })).rejects.toThrow(/left out where `worker`/);
      using own = await startWorker({ worker, threads: 1 });
      expect(own.info.threads).toBe(1);
    } else {
      await expect(startWorker({ url: "/no/such/file.js" })).rejects.toThrow(/the worker could not be run/);
    }
    await expect(start({ build: "fast" as never })).rejects.toThrow(/build is one of/);
    await expect(startWorker({ thread: 1 } as never)).rejects.toThrow(/did you mean "threads"/);
  });
});
