import { expect, it } from "vitest";
import { AbortError, ConfigError } from "../../../ts/index.js";
import { type JobEvent, memoryStore, type RunStore } from "../../../ts/jobs/index.js";
import { afterStep, results, run, runUntil, sources, spec } from "../../jobs/tiny-job.js";

it("a store that changes what it gave changes nothing", async () => {
  const whole = memoryStore();
  await run(spec, whole);
  const inner = memoryStore();
  expect((await runUntil(spec, inner, afterStep(27))).error).toBeInstanceOf(AbortError);
  let given: Uint8Array | null = null;
  const read: RunStore["read"] = async (blob, length) => {
    // What the last call gave; from its end, where the tensors are.
    given?.fill(0, given.length - 4000);
    return (given = await inner.read(blob, length));
  };
  await run(spec, { ...inner, read });
  expect(results(inner.files())).toEqual(results(whole.files()));
});

it("a source that reads everything into one buffer gives the model it has", async () => {
  const whole = memoryStore();
  await run({ ...spec, steps: 2 }, whole);
  const store = memoryStore();
  const buffer = new Uint8Array(2 ** 20);
  const findModel: typeof sources.findModel = async (...args) => {
    const model = await sources.findModel(...args);
    return {
      ...model,
      async open(file) {
        const source = await model.open(file);
        if (source === null) return null;
        const read = async (offset: number, length: number) => {
          buffer.set(await source.read(offset, length));
          return buffer.subarray(0, length);
        };
        return { size: source.size, read };
      },
    };
  };
  await run({ ...spec, steps: 2 }, store, { sources: { ...sources, findModel } });
  expect(results(store.files())).toEqual(results(whole.files()));
});

const failing = (inner: RunStore): RunStore => ({
  ...inner,
  async claim() {
    const release = await inner.claim();
    return async () => {
      await release();
      throw new RangeError("not released");
    };
  },
});

it("a finished job whose store cannot be released gives its result, and warns", async () => {
  const events: JobEvent[] = [];
  const onProgress = (event: JobEvent) => events.push(event);
  const { report } = await run({ ...spec, steps: 2 }, failing(memoryStore()), { onProgress });
  expect(report.steps).toHaveLength(2);
  const message = "the store could not be released: RangeError: not released";
  expect(events.at(-1)).toEqual({ type: "warning", message });
});

it("a store that cannot be released does not hide what ended the job", async () => {
  const { error, after } = await runUntil(spec, failing(memoryStore()), afterStep(3));
  expect(error).toBeInstanceOf(AbortError);
  expect(after.at(-1)).toMatchObject({ type: "warning", message: expect.stringContaining("not released") });
});

it("a machine that cannot be told of ends the job before it trains", async () => {
  for (const machine of [
    () => ({ cores: 1n }) as never,
    () => {
      throw new ConfigError("no machine");
    },
  ]) {
    const [store, events] = [memoryStore(), [] as JobEvent[]];
    const onProgress = (event: JobEvent) => events.push(event);
    const job = run(spec, store, { sources: { ...sources, machine }, onProgress });
    await expect(job).rejects.toThrow(ConfigError);
    expect(events).toEqual([]);
    expect(store.files()).toEqual({});
  }
});

it("a finished job whose history cannot be removed gives its result, and warns", async () => {
  const inner = memoryStore();
  const remove: RunStore["remove"] = (blob) =>
    blob.endsWith(".jsonl") ? Promise.reject(new RangeError("not removed")) : inner.remove(blob);
  const events: JobEvent[] = [];
  const onProgress = (event: JobEvent) => events.push(event);
  await run({ ...spec, steps: 2 }, { ...inner, remove }, { onProgress });
  const message = "checkpoint.history.jsonl could not be removed from memory: RangeError: not removed";
  expect(events.at(-1)).toEqual({ type: "warning", message });
});

it("what only looks like bytes is refused", async () => {
  for (const fake of [
    Object.create(Uint8Array.prototype) as Uint8Array,
    new Proxy(new Uint8Array(9), {}) as Uint8Array,
  ]) {
    const error = await run(spec, { ...memoryStore(), read: async () => fake }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(/store\.read\("checkpoint\.safetensors"\): expected a Uint8Array/);
  }
});
