// @needs browser
// @rest pages
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { BrowserDriver } from "./browser-driver.js";

let driver: BrowserDriver;
const MEGABYTE = 1024 * 1024;
/** Three pieces' worth of bytes, none like its neighbour. */
const large = Uint8Array.from({ length: 20 * MEGABYTE }, (_, i) => (i * 2654435761) >>> 24);
const weights = "large/model.safetensors";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

beforeAll(async () => {
  driver = await BrowserDriver.start();
  driver.models.add("large", { ...(await tinyEncoder()), "model.safetensors": large });
});
afterAll(() => driver?.end());
beforeEach(async () => {
  driver.models.manners.clear();
  const page = await driver.tab();
  await page.evaluate(() => lowrank.clearCache());
  await page.close();
  driver.models.asked.length = 0;
});

/** Keeps the model; what came of it, or the error's name and message. */
async function keep(how: string | { name: string; bytes: number; sha256: string }[] | void) {
  const [from, manifest] = typeof how === "string" ? [how, null] : ["/models/large", how];
  // What the call before came to would be taken for this one's.
  Object.assign(globalThis, { done: 0 });
  try {
    const onProgress = ({ file, done }: { file: string; done: number }) =>
      void (file === "model.safetensors" && Object.assign(globalThis, { done }));
    const model = await lowrank.cacheModel(from, { onProgress, ...(manifest && { manifest }) });
    const source = (await model.open("model.safetensors"))!;
    // Across two pieces.
    const part = [...(await source.read(8 * 1024 * 1024 - 3, 6))];
    return {
      digest: await model.digest("model.safetensors"),
      size: source.size,
      part,
      list: await lowrank.cachedModels(),
    };
  } catch (error) {
    const { name, message, details } = error as { name: string; message: string; details: Record<string, unknown> };
    return { name, message, details, list: await lowrank.cachedModels() };
  }
}

const whole = {
  digest: sha256(large),
  size: large.length,
  part: [...large.subarray(8 * MEGABYTE - 3, 8 * MEGABYTE + 3)],
};

it("goes on where a download was cut", async () => {
  const page = await driver.tab();
  driver.models.manners.set(weights, { holdAfter: 13 * MEGABYTE });
  const running = page.evaluate(keep);
  await driver.cutAt(page, 13 * MEGABYTE);
  const cut = await running;
  expect(cut.name).toBe("ModelError");
  expect(cut.message).toMatch(
    /model\.safetensors broke off after \d+ of 20971520 bytes .*call again to go on from there/,
  );
  const safe = Number(/after (\d+) of/.exec(cut.message!)![1]);
  expect(safe).toBe(13 * MEGABYTE);
  expect(cut.list).toMatchObject([{ complete: false, bytes: safe }]);

  driver.models.manners.clear();
  expect(await page.evaluate(keep)).toMatchObject(whole);
  expect(driver.models.requests(weights).slice(1)).toEqual([
    { path: weights, range: `bytes=${safe}-`, ifRange: '"one"' },
  ]);
  await page.close();
});

it("goes on in another tab where the first was closed in the middle, from the last whole piece", async () => {
  const page = await driver.tab();
  driver.models.manners.set(weights, { holdAfter: 17 * MEGABYTE });
  await page.evaluate(() => {
    const state = globalThis as unknown as { done: number };
    state.done = 0;
    void lowrank.cacheModel("/models/large", {
      onProgress: ({ file, done }) => void (file === "model.safetensors" && (state.done = done)),
    });
  });
  await page.waitForFunction(`globalThis.done >= ${16 * MEGABYTE}`);
  const kept = () => page.evaluate(() => lowrank.cachedModels().then(([model]) => model?.bytes));
  await expect.poll(kept, { timeout: 30_000 }).toBe(16 * MEGABYTE);
  await page.close();
  driver.models.manners.clear();
  driver.models.release();
  await driver.restart();
  const next = await driver.tab();
  expect(await next.evaluate(keep)).toMatchObject({ ...whole, list: [{ complete: true }] });
  expect(driver.models.requests(weights).at(-1)).toMatchObject({ range: `bytes=${16 * MEGABYTE}-` });
  await next.close();
});

it("begins again where the server ignores ranges, or has another file by now", async () => {
  const page = await driver.tab();
  const changed = large.map((byte) => byte ^ 1);
  for (const [manner, expected] of [
    [{ ignoreRanges: true }, large],
    [{ etag: '"two"', body: changed }, changed],
  ] as const) {
    driver.models.manners.set(weights, { holdAfter: 10 * MEGABYTE });
    const running = page.evaluate(keep);
    await driver.cutAt(page, 10 * MEGABYTE);
    expect((await running).message).toMatch(/broke off/);
    driver.models.manners.set(weights, manner);
    expect(await page.evaluate(keep)).toMatchObject({ digest: sha256(expected), size: large.length });
    await page.evaluate(() => lowrank.clearCache());
  }
  await page.close();
});

it("tells no total of 0, by which a page would divide, where a server does not say how long its files are", async () => {
  const page = await driver.tab();
  for (const file of ["config.json", "tokenizer.json", "model.safetensors"])
    driver.models.manners.set(`large/${file}`, { tail: new Uint8Array(0) });
  const told = await page.evaluate(async () => {
    const progress: { file: string; done: number; total: number }[] = [];
    await lowrank.cacheModel("/models/large", { onProgress: (event) => progress.push(event) });
    await lowrank.clearCache();
    return progress;
  });
  expect(told.at(-1)).toEqual({ file: "model.safetensors", done: large.length, total: large.length });
  expect(told.filter(({ total }) => total === 0)).toEqual([]);
  await page.close();
});

it("takes what another origin compresses, though its length on the way is all that a page sees", async () => {
  const page = await driver.tab();
  const repeated = large.map((_, i) => i % 251);
  const elsewhere = `${driver.url.replace("127.0.0.1", "localhost")}/models/large`;
  const keepThere = () =>
    page.evaluate(async (from) => {
      const told: { done: number; total: number }[] = [];
      const onProgress = ({ file, done, total }: { file: string; done: number; total: number }) => {
        if (file !== "model.safetensors") return;
        told.push({ done, total });
        Object.assign(globalThis, { done });
      };
      const model = await lowrank.cacheModel(from, { onProgress }).catch((thrown: Error) => thrown);
      const digest = model instanceof Error ? model.message : await model.digest("model.safetensors");
      return { digest, last: told.at(-1), over: told.filter(({ done, total }) => done > total) };
    }, elsewhere);
  const files = ["config.json", "tokenizer.json", "model.safetensors"];
  for (const exposes of [true, false]) {
    for (const file of files) driver.models.manners.set(`large/${file}`, { gzip: true, exposes });
    driver.models.manners.set(weights, { gzip: true, exposes, body: repeated });
    const bytes = repeated.length;
    expect(await keepThere()).toEqual({ digest: sha256(repeated), last: { done: bytes, total: bytes }, over: [] });
    await page.evaluate(() => lowrank.clearCache());
  }
  await page.close();
});

it("what another origin compresses is whole too, where it was cut on the way before", async () => {
  const page = await driver.tab();
  // Nothing that gzip makes smaller: what was sent until the cut is what came.
  const body = randomBytes(20 * MEGABYTE);
  const elsewhere = `${driver.url.replace("127.0.0.1", "localhost")}/models/large`;
  const keepThere = () => page.evaluate(keep, elsewhere);
  driver.models.manners.set(weights, { gzip: true, body, holdAfter: 13 * MEGABYTE });
  const running = keepThere();
  await driver.cutAt(page, 12 * MEGABYTE);
  expect((await running).message).toMatch(/model\.safetensors broke off after \d+ /);
  driver.models.manners.set(weights, { gzip: true, body });
  expect(await keepThere()).toMatchObject({ digest: sha256(body), size: body.length, list: [{ complete: true }] });
  await page.close();
});

it("refuses by name, and removes, what is not in the manifest", async () => {
  const page = await driver.tab();
  const manifest = [...driver.models.files]
    .filter(([path]) => path.startsWith("large/"))
    .map(([path, bytes]) => ({ name: path.slice("large/".length), bytes: bytes.length, sha256: sha256(bytes) }));
  const damaged = large.slice();
  damaged[12_345_678]! ^= 4;
  driver.models.manners.set(weights, { body: damaged });
  const refused = await page.evaluate(keep, manifest);
  expect(refused).toMatchObject({ name: "ModelError", details: { file: "model.safetensors", got: sha256(damaged) } });
  expect(refused.message).toMatch(/model\.safetensors: expected .* damaged or another version; what came was removed/);
  expect(refused.list).toEqual([]);
  driver.models.manners.clear();
  expect(await page.evaluate(keep, manifest)).toMatchObject(whole);
  // Kept, but another one is wanted by now.
  const other = manifest.map((file) => (file.name === "config.json" ? { ...file, sha256: "0".repeat(64) } : file));
  expect(await page.evaluate(keep, other)).toMatchObject({ details: { file: "config.json" } });
  expect(await page.evaluate(keep)).toMatchObject(whole);
  await page.close();
});

it("takes no more of a file than it has, by the server's own word or by the manifest's", async () => {
  const page = await driver.tab();
  driver.models.manners.set(weights, { holdAfter: 9 * MEGABYTE });
  const running = page.evaluate(keep);
  await driver.cutAt(page, 9 * MEGABYTE);
  expect((await running).message).toMatch(/broke off/);
  driver.models.manners.set(weights, { tail: large });
  const flooded = await page.evaluate(keep);
  expect(flooded.message).toMatch(/model\.safetensors sends more than the 20971520 bytes that it has/);
  expect(flooded.list[0]!.bytes).toBeLessThanOrEqual(large.length);
  driver.models.manners.clear();
  expect(await page.evaluate(keep)).toMatchObject(whole);
  await page.evaluate(() => lowrank.clearCache());

  const config = driver.models.files.get("large/config.json")!;
  driver.models.manners.set("large/config.json", { tail: large });
  const manifest = [{ name: "config.json", bytes: config.length, sha256: sha256(config) }];
  const pinned = await page.evaluate(keep, manifest);
  expect(pinned).toMatchObject({ name: "ModelError", list: [] });
  expect(pinned.message).toMatch(new RegExp(`config\\.json sends more than the ${config.length} bytes`));
  await page.close();
});

it("a model that is kept with a file that the manifest does not have is fetched without it", async () => {
  const page = await driver.tab();
  const pooling = "large/sentence_bert_config.json";
  driver.models.files.set(pooling, new TextEncoder().encode(JSON.stringify({ max_seq_length: 2 })));
  const names = (manifest?: object) =>
    page.evaluate(async (manifest) => {
      const model = await lowrank.cacheModel("/models/large", { ...(manifest && { manifest: manifest as never }) });
      return model.files;
    }, manifest);
  const files = await names();
  const manifest = files.filter(({ name }) => `large/${name}` !== pooling);
  expect(manifest).toHaveLength(files.length - 1);
  expect(await names(manifest)).toEqual(manifest);
  driver.models.files.delete(pooling);
  await page.close();
});

it("says before it fetches what there is no room for", async () => {
  const page = await driver.tab();
  driver.models.manners.set(weights, { claim: 10 ** 15, holdAfter: 10 });
  const refused = await page.evaluate(keep);
  expect(refused).toMatchObject({ name: "QuotaError", details: { requested: 10 ** 15 }, list: [] });
  expect(refused.message).toMatch(/^this browser's storage: 1000000000\.0 MB more are needed, \d+\.\d MB are free/);
  driver.models.manners.clear();
  driver.models.release();
  expect(await page.evaluate(keep)).toMatchObject(whole);
  await page.close();
});

it("keeps what came where the browser gives no more room on the way, and goes on when it does", async () => {
  const page = await driver.tab();
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(driver.url);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 12 * MEGABYTE });
  const refused = await page.evaluate(keep);
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  const missing = large.length - 8 * MEGABYTE;
  expect(refused).toMatchObject({ name: "QuotaError", details: { requested: missing } });
  expect(refused.message).toMatch(/12\.6 MB more are needed, and no more are given/);
  expect(refused.list).toMatchObject([{ complete: false, bytes: 8 * MEGABYTE }]);
  expect(await page.evaluate(keep)).toMatchObject(whole);
  expect(driver.models.requests(weights).at(-1)).toMatchObject({ range: `bytes=${8 * MEGABYTE}-` });
  await page.close();
});

it("an aborted call ends at once, and what came is used by the next", async () => {
  const page = await driver.tab();
  driver.models.manners.set(weights, { holdAfter: 9 * MEGABYTE });
  const aborted = await page.evaluate(async () => {
    const abort = new AbortController();
    const onProgress = ({ file, done }: { file: string; done: number }) =>
      void (file === "model.safetensors" && done >= 9 * 1024 * 1024 && abort.abort());
    const error = await lowrank
      .cacheModel("/models/large", { signal: abort.signal, onProgress })
      .catch((thrown) => thrown);
    return { name: error.name, list: await lowrank.cachedModels() };
  });
  expect(aborted).toMatchObject({ name: "AbortError", list: [{ complete: false, bytes: 9 * MEGABYTE }] });
  driver.models.manners.clear();
  driver.models.release();
  expect(await page.evaluate(keep)).toMatchObject(whole);
  await page.close();
});
