import { afterEach, expect, it } from "vitest";
import { engine, init } from "../../ts/engine/engine.js";
import { EngineError } from "../../ts/index.js";
import { memoryStore } from "../../ts/jobs/index.js";
import { afterStep, results, run, sources, spec } from "./tiny-job.js";

const { build, threads } = engine().info;
/** The default engine as the tests began with it. */
async function restart() {
  await engine().close();
  await init({ build, threads });
}
afterEach(restart);

it("a job ends where its engine is closed before the model is loaded: it takes no other", async () => {
  const store = memoryStore();
  let swapped = false;
  const findModel: typeof sources.findModel = async (...args) => {
    const model = await sources.findModel(...args);
    return {
      ...model,
      async open(file) {
        if (!swapped) await restart();
        swapped = true;
        return model.open(file);
      },
    };
  };
  const error = await run(spec, store, { sources: { ...sources, findModel } }).catch((thrown: unknown) => thrown);
  expect(swapped).toBe(true);
  expect(error).toBeInstanceOf(EngineError);
  expect((error as Error).message).toMatch(/the engine was closed/);
  expect(store.files()).toEqual({});
});

it("a job ends where its engine is closed while it trains, keeps its checkpoint, and goes on to the same bits", async () => {
  const whole = memoryStore();
  await run({ ...spec, baseline: true }, whole);
  const store = memoryStore();
  let starting: Promise<void> | undefined;
  const onProgress = (event: Parameters<ReturnType<typeof afterStep>>[0]) => {
    if (afterStep(30)(event)) starting = restart();
  };
  await expect(run({ ...spec, baseline: true }, store, { onProgress })).rejects.toThrow(EngineError);
  await starting;
  expect(Object.keys(store.files()).sort()).toEqual(["checkpoint.history.jsonl", "checkpoint.safetensors", "run.json"]);
  await run({ ...spec, baseline: true }, store);
  expect(results(store.files())).toEqual(results(whole.files()));
});
