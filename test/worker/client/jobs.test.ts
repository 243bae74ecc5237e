import { afterEach, describe, expect, it } from "vitest";
import type { JobEvent, MemoryStore, RunStore } from "../../../ts/jobs/index.js";
import {
  AbortError,
  ConfigError,
  type LowrankWorker,
  memoryStore,
  runJob,
  startWorker,
  WorkerLostError,
} from "../../../ts/worker/index.js";
import { results, run, sources, spec } from "../../jobs/tiny-job.js";
import * as language from "../../tasks/language/tiny-language-job.js";
import * as tokens from "../../tasks/tokens/tiny-token-job.js";
import { inPage, start, workerFile } from "../in-worker.js";

/** Build under test and its threads: set by the vitest project. */
declare const __BUILD__: "simd" | "relaxed";

const workers: LowrankWorker[] = [];
const started = async (...options: Parameters<typeof start>) => {
  workers.push(await start(...options));
  return workers.at(-1)!;
};
afterEach(() => workers.splice(0).forEach((worker) => worker.terminate()));

const undisturbed = async () => {
  const store = memoryStore();
  await run(spec, store);
  return results(store.files());
};

describe("a run in a worker, its store and sources here", () => {
  it("leaves the bytes of a run without one, and tells the same", async () => {
    const worker = await started();
    const [store, events] = [memoryStore(), [] as JobEvent[]];
    const { report } = await runJob(spec, store, { worker, sources, onProgress: (event) => void events.push(event) });
    expect(report.result.after.count).toBeGreaterThan(0);
    expect(results(store.files())).toEqual(await undisturbed());
    const kept = events.filter(({ type }) => type !== "progress").map(({ type }) => type);
    const told: JobEvent[] = [];
    await run(spec, memoryStore(), { onProgress: (event) => void told.push(event) });
    expect(kept).toEqual(told.filter(({ type }) => type !== "progress").map(({ type }) => type));
  });

  it("of a language model too", async () => {
    const worker = await started();
    const store = memoryStore();
    const given = { ...language.spec, steps: 6, evaluateEvery: 3 };
    const events: JobEvent[] = [];
    const onProgress = (event: JobEvent) => void events.push(event);
    const { report } = await runJob(given, store, { worker, sources: language.sources, onProgress });
    expect(report.result!.after.loss).toBeLessThan(report.result!.before.loss);
    expect(events.map(({ type }) => type)).toContain("ready");
    const here = memoryStore();
    await language.run(given, here);
    expect(results(store.files())).toEqual(results(here.files()));
  });

  it("on labelled words too", async () => {
    const worker = await started();
    const store = memoryStore();
    const given = { ...tokens.spec, steps: 4, evaluateEvery: 2 };
    const { report } = await runJob(given, store, { worker, sources: tokens.sources });
    expect(report.result.headOnly).not.toBeNull();
    const here = memoryStore();
    await tokens.run(given, here);
    expect(results(store.files())).toEqual(results(here.files()));
  });

  it("with another build or other threads than its worker's is advised to start one with them, which works", async () => {
    const worker = await started({ build: "simd", threads: 1 });
    const { threads = 1 } = spec;
    const other = { ...spec, build: "relaxed", threads } as const;
    const store = memoryStore();
    const refused = runJob(other, store, { worker, sources });
    await expect(refused).rejects.toThrow(
      /runs with build "simd"; for build "relaxed", pass `worker: await startWorker\(\{ build, threads \}\)`/,
    );
    await expect(refused).rejects.toThrow(ConfigError);
    expect(store.files()).toEqual({});
    const own = await started({ build: "relaxed", threads: 1 });
    const { report } = await runJob(other, store, { worker: own, sources });
    expect(report.result.after.count).toBeGreaterThan(0);
  });

  it("is aborted, leaves its checkpoint, and goes on", async () => {
    const worker = await started();
    const [store, controller] = [memoryStore(), new AbortController()];
    const { signal } = controller;
    const first = runJob(
      spec,
      atCheckpoints(store, () => controller.abort()),
      { worker, sources, signal },
    );
    await expect(first).rejects.toThrow(AbortError);
    expect(Object.keys(store.files())).toContain("checkpoint.safetensors");
    await runJob(spec, store, { worker, sources });
    expect(results(store.files())).toEqual(await undisturbed());
  });

  it("whose worker is killed goes on in a new one, to the same bits", async () => {
    const store = memoryStore();
    const { worker: own, kill } = await ownWorker();
    const mine = await startWorker({ worker: own, build: __BUILD__, threads: 1 });
    // A worker that the caller has started is not started again: the run can be called again.
    const running = runJob(spec, atCheckpoints(store, kill), { worker: mine, sources });
    const lost: unknown = await running.catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(WorkerLostError);
    expect((lost as WorkerLostError).details["reason"]).toBe("died");
    expect(mine.lost).toBe(true);
    const left = store.files();
    expect(Object.keys(left)).toContain("checkpoint.safetensors");
    // The claim of the dead is free again.
    const worker = await started();
    await runJob(spec, store, { worker, sources });
    expect(results(store.files())).toEqual(await undisturbed());
  });

  it("waits for what the dead worker was writing before it lets go of the store", async () => {
    const [store, order] = [memoryStore(), [] as string[]];
    const { worker: own, kill } = await ownWorker();
    const mine = await startWorker({ worker: own, build: __BUILD__, threads: 1 });
    const slow: RunStore = {
      ...store,
      async write(blobs) {
        if (!("checkpoint.safetensors" in blobs)) return store.write(blobs);
        kill();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await store.write(blobs);
        order.push("written");
      },
      claim: async () => {
        const release = await store.claim();
        return () => (order.push("released"), release());
      },
    };
    await expect(runJob(spec, slow, { worker: mine, sources })).rejects.toThrow(WorkerLostError);
    expect(order).toEqual(["written", "released"]);
  });

  it("goes on by itself where the package has started its worker", async () => {
    const store = memoryStore();
    const steps: (number | null)[] = [];
    const worker = await started();
    const onProgress = (event: JobEvent) => {
      if (event.type === "ready") steps.push(event.job.resumedAfter);
    };
    const first = atCheckpoints(store, () => killed(worker));
    await runJob(spec, first, { worker, sources, onProgress });
    expect(steps).toHaveLength(2);
    expect(steps[0]).toBe(null);
    expect(steps[1]).toBeGreaterThan(0);
    expect(results(store.files())).toEqual(await undisturbed());
  });
});

/** A store that does something once the first checkpoint is in it, before the run hears of that. */
function atCheckpoints(store: MemoryStore, act: () => void): RunStore {
  let first = true;
  return {
    ...store,
    async write(blobs) {
      await store.write(blobs);
      if (first && "checkpoint.safetensors" in blobs) act();
      first &&= !("checkpoint.safetensors" in blobs);
    },
  };
}

/** Ends a worker behind the back of the package. */
function killed(worker: LowrankWorker): void {
  (worker as unknown as { channel: { terminate: () => void } }).channel.terminate();
}

/** A worker that the test has started, and its violent end. */
async function ownWorker(): Promise<{ worker: object; kill: () => void }> {
  if (inPage) {
    const worker = new Worker(workerFile);
    return { worker, kill: () => worker.terminate() };
  }
  const { Worker: Thread } = await import("node:worker_threads");
  const worker = new Thread(workerFile);
  return { worker, kill: () => void worker.terminate() };
}
