// @needs browser
// @rest pages
import { zipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { data, spec } from "../jobs/tiny-job.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { BrowserDriver } from "./browser-driver.js";

// Pages that have `lowrank/worker` alone. They can neither fetch nor open a file, and what goes to their worker and back is weighed.
const page = `<!doctype html><link rel="icon" href="data:,"><input type="file" webkitdirectory><script>
  globalThis.crossed = 0;
  const weigh = (value) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) crossed += value.byteLength;
    else if (typeof value === "object" && value !== null && !(value instanceof Blob)) Object.values(value).forEach(weigh);
  };
  const { postMessage, addEventListener } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    weigh(message);
    return postMessage.call(this, message, ...rest);
  };
  Worker.prototype.addEventListener = function (type, hear, ...rest) {
    if (type === "message") addEventListener.call(this, type, ({ data }) => weigh(data));
    return addEventListener.call(this, type, hear, ...rest);
  };
  const none = () => { throw new Error("the page reads nothing itself"); };
  globalThis.fetch = FileSystemFileHandle.prototype.getFile = FileSystemFileHandle.prototype.createWritable = none;
  Blob.prototype.arrayBuffer = Blob.prototype.stream = Blob.prototype.slice = none;
</script><script type="module" src="/lib/remote.js"></script>`;

let driver: BrowserDriver;
let weight: number;
beforeAll(async () => {
  driver = await BrowserDriver.start({ "worker.html": page });
  const files = await tinyEncoder();
  driver.models.add("tiny", files);
  driver.models.add("data", data);
  weight = files["model.safetensors"]!.byteLength;
});
afterAll(() => driver?.end());
beforeEach(async () => {
  const tab = await open();
  await tab.evaluate(() => remote.clearCache());
  await tab.close();
});

async function open(): Promise<Page> {
  const tab = await driver.open("/worker.html");
  await tab.waitForFunction("globalThis.remote !== undefined");
  return tab;
}

/** What a page has that does all by itself. */
async function vectorHere(): Promise<number[]> {
  const tab = await driver.tab();
  const vector = await tab.evaluate(async () => {
    await lowrank.init({ build: "simd" });
    const encoder = await lowrank.SentenceEncoder.load("/models/tiny");
    return [...(await encoder.encode(["a good film"]))[0]!];
  });
  await tab.close();
  return vector;
}

/** Loads what the browser keeps in a worker; its vector, and the bytes that crossed. */
async function vectorThere(name: string) {
  const worker = await remote.startWorker({ build: "simd" });
  const model = await remote.cachedModel(name, { worker });
  const encoder = await remote.SentenceEncoder.load(model!, { worker });
  const [vector] = await encoder.encode(["a good film"]);
  const { crossed } = globalThis as unknown as { crossed: number };
  const [digest, listed] = [await model!.digest("config.json"), await remote.cachedModels({ worker })];
  worker.terminate();
  return { vector: [...vector!], crossed, digest, names: listed.map((kept) => kept.name), storage: model!.storage };
}

it("keeps a model from an address and loads it, and no byte of it goes through the page", async () => {
  const tab = await open();
  const kept = await tab.evaluate(async () => {
    const files: string[] = [];
    let asked = 0;
    // A person who never answers.
    navigator.storage.persist = () => (asked++, new Promise(() => undefined));
    const onProgress = ({ file }: { file: string }) => void files.push(file);
    const model = await remote.cacheModel("./models/tiny", { onProgress, persist: true });
    const { name, origin, bytes, storage, storageRefused } = model;
    return { name, origin, bytes, storage, storageRefused, asked, heard: files.includes("model.safetensors") };
  });
  const name = `${driver.url}/models/tiny`;
  expect(kept).toMatchObject({ name, origin: "address", storage: "opfs", storageRefused: null, asked: 1, heard: true });
  const here = await vectorHere();
  const there = await tab.evaluate(vectorThere, name);
  expect(there).toMatchObject({ vector: here, names: [name], storage: "opfs" });
  expect(there.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(there.crossed).toBeLessThan(weight / 4);
  // A page's own finds it too, and the worker reads what that found by itself.
  const both = await driver.tab();
  await both.addScriptTag({ type: "module", url: "/lib/remote.js" });
  await both.waitForFunction("globalThis.remote !== undefined");
  const mixed = await both.evaluate(async () => {
    navigator.storage.persist = () => new Promise(() => undefined);
    const model = await lowrank.cacheModel("/models/tiny", { persist: true });
    FileSystemFileHandle.prototype.getFile = () => Promise.reject(new Error("the page reads nothing itself"));
    const worker = await remote.startWorker({ build: "simd" });
    const encoder = await remote.SentenceEncoder.load(model, { worker });
    return [...(await encoder.encode(["a good film"]))[0]!];
  });
  expect(mixed).toEqual(here);
  expect(driver.models.requests("tiny/tokenizer.json").length).toBeLessThanOrEqual(2);
  await both.close();
  await tab.close();
});

it("keeps a picked folder by its files and by its handle, and a zip, read by the worker", async () => {
  const here = await vectorHere();
  const tab = await open();
  const files = await tinyEncoder();
  await tab.locator("input").evaluate((input) => input.removeAttribute("webkitdirectory"));
  await tab.locator("input").evaluate((input) => void ((input as HTMLInputElement).multiple = true));
  const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`deep/${name}`, bytes])));
  const picked = Object.entries({ ...files, "a.zip": zip }).map(([name, bytes]) => ({
    name,
    mimeType: "application/octet-stream",
    buffer: Buffer.from(bytes),
  }));
  await tab.setInputFiles("input", picked);
  const found = await tab.evaluate(async () => {
    const { files } = document.querySelector("input")!;
    const all = [...files!];
    const inFolder = all.filter(({ name }) => name !== "a.zip");
    // As a browser's folder picker says it, which copies of a file may lose.
    for (const file of inFolder) Object.defineProperty(file, "webkitRelativePath", { value: `chosen/${file.name}` });
    const one = await remote.cacheModel(inFolder);
    const two = await remote.cacheModel(all.find(({ name }) => name === "a.zip")!);
    return [one, two].map(({ name, origin }) => `${name} ${origin}`);
  });
  expect(found).toEqual(["chosen folder", "a zip"]);
  for (const name of ["chosen", "a"]) expect(await tab.evaluate(vectorThere, name)).toMatchObject({ vector: here });
  const refused = await tab.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const empty = await root.getDirectoryHandle("empty", { create: true });
    const own = { kind: "directory", name: "mine", getFileHandle: () => null, getDirectoryHandle: () => null };
    const given = [empty, own, 7] as never[];
    const errors = await Promise.all(given.map((from) => remote.cacheModel(from).catch((error: Error) => error)));
    return errors.map((error) => `${(error as Error).name}: ${(error as Error).message}`);
  });
  expect(refused).toEqual([
    expect.stringMatching(/^ModelError: model empty has no config\.json/),
    expect.stringMatching(/^ConfigError: cacheModel: from\.getFileHandle cannot be sent to a worker/),
    expect.stringMatching(/^ConfigError: cacheModel: expected an address, a hub's name/),
  ]);
  await tab.close();
});

it("what was removed in the meantime is missed by name, and a manifest that is not met refused", async () => {
  const tab = await open();
  const errors = await tab.evaluate(async () => {
    const model = await remote.cacheModel("/models/tiny");
    await remote.clearCache({ name: model.name });
    const gone: Error = await remote.SentenceEncoder.load(model).catch((error) => error);
    const manifest = model.files.map((file) => ({ ...file, sha256: "0".repeat(64) }));
    const other: Error = await remote.cacheModel("/models/tiny", { manifest }).catch((error) => error);
    return [gone, other].map(({ name, message }) => `${name}: ${message}`);
  });
  expect(errors).toEqual([
    expect.stringMatching(/^ModelError: model http.*config\.json is not cached here any more: it was removed/),
    expect.stringMatching(/^ModelError: .*expected .* damaged or another version; what came was removed/),
  ]);
  await tab.close();
});

/** So many that a job is caught under way on a fast machine, and on one that is busy when the test looks. */
const steps = 600;
const place = { model: "/models/tiny", data: "/models/data/examples.csv" };
const job = { ...spec, ...place, steps, build: "simd", threads: 1 } as const;

/** What a run left, without times. */
const results = (files: Record<string, Uint8Array>) =>
  Object.fromEntries(
    Object.entries(files).flatMap(([name, bytes]) => (/report\.json|loss\.svg/.test(name) ? [] : [[name, [...bytes]]])),
  );

it(
  "a worker's run is kept by the worker, and goes on to the same bytes after its tab was closed or browser killed",
  { timeout: 240_000 },
  async () => {
    const plain = await driver.tab();
    const undisturbed = await plain.evaluate(async (job) => {
      const store = lowrank.memoryStore();
      await lowrank.runJob(job, store, { sources: lowrank.keptSources() });
      return Object.entries(store.files()).map(([name, bytes]) => [name, [...bytes]] as const);
    }, job);
    const expected = results(Object.fromEntries(undisturbed.map(([name, bytes]) => [name, Uint8Array.from(bytes)])));
    await plain.close();

    /** Begins the job, and resolves when a checkpoint is safe. */
    const begin = (tab: Page, name: string, steps: number = job.steps) =>
      tab.evaluate(
        ({ job, name }) =>
          new Promise<void>((resolve, reject) => {
            const onProgress = (event: { type: string }) => void (event.type === "checkpoint" && resolve());
            const options = { sources: remote.keptSources(), onProgress };
            const run = async () => {
              const worker = await remote.startWorker({ build: "simd" });
              await remote.runJob(job, remote.opfsStore(name), { worker, ...options });
            };
            run().catch(reject);
          }),
        { job: { ...job, steps }, name },
      );
    /** Goes on with it in another tab. */
    const goOn = async (name: string) => {
      const tab = await open();
      const status = await tab.evaluate(async (name) => {
        const store = remote.opfsStore(name);
        const { data, steps } = (await remote.unfinishedSpec(store))!;
        return { data, steps, status: (await remote.runStatus(store))!.status };
      }, name);
      expect(status).toEqual({ data: job.data, steps: job.steps, status: "training" });
      // The claim goes with the worker that had it, some time after its tab.
      const free = `navigator.locks.query().then(({ held }) => held.every(({ name }) => !name.startsWith("lowrank-runs")))`;
      await expect.poll(() => tab.evaluate(free), { timeout: 30_000 }).toBe(true);
      const done = await tab.evaluate(
        async ({ job, name }) => {
          const worker = await remote.startWorker({ build: "simd" });
          const store = remote.opfsStore(name, { worker });
          const resumed: (number | null)[] = [];
          const onProgress = (event: { type: string; job?: { resumedAfter: number | null } }) =>
            void (event.type === "ready" && resumed.push(event.job!.resumedAfter));
          const weighed = globalThis as unknown as { crossed: number };
          weighed.crossed = 0;
          const options = { worker, sources: remote.keptSources(), onProgress };
          const { report } = await remote.runJob(job, store, options);
          const { crossed } = weighed;
          const files = Object.entries(await store.files()).map(([name, bytes]) => [name, [...bytes]] as const);
          await store.discard();
          const left = Object.keys(await store.files());
          return { resumed, crossed, files, left, after: await remote.runStatus(store), steps: report.steps.length };
        },
        { job, name },
      );
      expect(done.resumed).toEqual([expect.any(Number)]);
      expect(done.resumed[0]).toBeGreaterThan(0);
      expect(done).toMatchObject({ left: [], after: null, steps: job.steps });
      expect(results(Object.fromEntries(done.files.map(([file, bytes]) => [file, Uint8Array.from(bytes)])))).toEqual(
        expected,
      );
      // Neither model nor checkpoints: they are larger.
      expect(done.crossed).toBe(0);
      return tab;
    };

    const first = await open();
    await begin(first, "closed");
    await first.close();
    const second = await goOn("closed");
    await begin(second, "killed");
    await driver.kill();
    const third = await goOn("killed");

    // One job at a time, whichever tab or worker has it.
    await begin(third, "held", 100_000);
    const other = await open();
    const refused = await other.evaluate(
      (job) =>
        remote
          .runJob(job as never, remote.opfsStore("held"), { sources: remote.keptSources() })
          .then(String, (error: Error) => `${error.name}: ${error.message}`),
      job,
    );
    expect(refused).toMatch(/^ConfigError: held is in use: another job uses it/);
    await other.close();
    await third.close();
  },
);

it("a page hears how far training is within its frames, or where it draws none for a tenth of a second", async () => {
  const tab = await open();
  const told = await tab.evaluate(async () => {
    let [asked, inFrame] = [0, false];
    const draw = requestAnimationFrame;
    globalThis.requestAnimationFrame = (callback) => {
      asked++;
      return draw((time) => {
        inFrame = true;
        callback(time);
        inFrame = false;
      });
    };
    const worker = await remote.startWorker({ build: "simd" });
    const encoder = await remote.SentenceEncoder.load("/models/tiny", { worker });
    const classifier = await remote.TextClassifier.create(encoder, { labels: ["a", "b"] });
    const examples = ["a", "b"].map((label) => ({ text: `a ${label} film`, label }));
    const calls: { step: number; inFrame: boolean; waited: number }[] = [];
    let last = performance.now();
    const onProgress = ({ step }: { step: number }) => {
      calls.push({ step, inFrame, waited: performance.now() - last });
      last = performance.now();
    };
    await classifier.fit(examples, { steps: 300, batchSize: 2, onProgress });
    worker.terminate();
    return { asked, calls };
  });
  expect(told.asked).toBeGreaterThan(0);
  // The last is told before the answer, at once.
  expect(told.calls.at(-1)!.step).toBe(299);
  expect(told.calls.slice(0, -1).filter(({ inFrame, waited }) => !inFrame && waited < 99)).toEqual([]);
  await tab.close();
});

it("a run whose worker dies goes on in a new one, which finds what the worker kept", async () => {
  const tab = await open();
  const steps = await tab.evaluate(
    (job) =>
      new Promise<unknown>((resolve, reject) => {
        const resumed: (number | null)[] = [];
        remote.startWorker({ build: "simd" }).then((worker) => {
          const onProgress = (event: { type: string; job?: { resumedAfter: number | null } }) => {
            if (event.type === "ready") resumed.push(event.job!.resumedAfter);
            // Behind the package's back.
            if (event.type === "checkpoint" && resumed.length === 1)
              (worker as unknown as { channel: { terminate: () => void } }).channel.terminate();
          };
          const options = { worker, sources: remote.keptSources(), onProgress };
          remote.runJob(job as never, remote.opfsStore("dying"), options).then(() => resolve(resumed), reject);
        }, reject);
      }),
    job,
  );
  expect(steps).toEqual([null, expect.any(Number)]);
  await tab.close();
});
