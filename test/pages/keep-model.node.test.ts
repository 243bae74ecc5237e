import { afterAll, beforeAll, expect, it } from "vitest";
import { createEngine, SentenceEncoder } from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { BrowserDriver } from "./browser-driver.js";

let driver: BrowserDriver;
beforeAll(async () => {
  driver = await BrowserDriver.start();
  driver.models.add("tiny", await tinyEncoder());
});
afterAll(() => driver?.end());

/** Vectors of Node, which the page's are to be. */
async function vectors(): Promise<number[][]> {
  const engine = await createEngine({ build: "simd" });
  const encoder = await SentenceEncoder.load(await tinyEncoder(), { engine });
  const found = await encoder.encode(["a good film", "bad"]);
  await engine.close();
  return found.map((vector) => [...vector]);
}

it("a model from an address is kept, loads, and is there without a network after a restart", async () => {
  const page = await driver.tab();
  const load = async () => {
    const progress: { file: string; done: number; total: number }[] = [];
    const model = await lowrank.keepModel("/models/tiny", { onProgress: (event) => progress.push(event) });
    await lowrank.init({ build: "simd" });
    const encoder = await lowrank.SentenceEncoder.load(model);
    const vectors = (await encoder.encode(["a good film", "bad"])).map((vector) => [...vector]);
    return {
      vectors,
      progress,
      storage: model.storage,
      refused: model.storageRefused,
      list: await lowrank.keptModels(),
    };
  };
  const first = await page.evaluate(load);
  expect(first).toMatchObject({ storage: "opfs", refused: null, list: [{ origin: "address", complete: true }] });
  const weights = driver.models.files.get("tiny/model.safetensors")!;
  const last = first.progress.filter(({ file }) => file === "model.safetensors").at(-1);
  expect(last).toEqual({ file: "model.safetensors", done: weights.length, total: weights.length });
  expect(first.vectors).toEqual(await vectors());

  const before = driver.models.asked.length;
  await driver.restart();
  const again = await (await driver.tab()).evaluate(load);
  expect(again.vectors).toEqual(first.vectors);
  expect(again.progress).toEqual([]);
  expect(driver.models.asked).toHaveLength(before);
});

it("a model from a hub, which is another origin, is gone on with by its range and compared by its ETag", async () => {
  const page = await driver.tab();
  const weights = "team/tiny/resolve/v2/model.safetensors";
  driver.models.add("team/tiny/resolve/v2", await tinyEncoder());
  const hubUrl = `${driver.url.replace("127.0.0.1", "localhost")}/models`;
  const keep = async (hubUrl: string) => {
    const onProgress = ({ file, done }: { file: string; done: number }) =>
      void (file === "model.safetensors" && Object.assign(globalThis, { done }));
    const kept = await lowrank
      .keepModel("team/tiny@v2", { hubUrl, onProgress })
      .catch((error: Error) => ({ error: error.message }));
    return "error" in kept
      ? kept
      : { name: kept.name, origin: kept.origin, hash: await kept.digest("model.safetensors") };
  };
  const original = await page.evaluate(async () =>
    (await lowrank.keepModel("/models/tiny")).digest("model.safetensors"),
  );
  for (const exposes of [true, false]) {
    driver.models.manners.set(weights, { holdAfter: 40_000 });
    const before = driver.models.requests(weights).length;
    const running = page.evaluate(keep, hubUrl);
    await driver.cutAt(page, 40_000);
    expect(await running).toMatchObject({ error: expect.stringMatching(/broke off after 40000/) });
    driver.models.manners.set(weights, { exposes });
    expect(await page.evaluate(keep, hubUrl)).toEqual({ name: "team/tiny@v2", origin: "hub", hash: original });
    const [, ...later] = driver.models.requests(weights).slice(before);
    expect(later.map(({ ifRange }) => ifRange)).toEqual(later.map(() => null));
    expect(later.at(-1)!.range === null).toBe(!exposes);
    await page.evaluate(() => lowrank.clearCache({ name: "team/tiny@v2" }));
  }

  // Known to the bit: another one by that name is refused.
  const known = "sentence-transformers/all-MiniLM-L6-v2/resolve/main";
  driver.models.add(known, await tinyEncoder());
  const refused = page.evaluate((hubUrl) => lowrank.keepModel("all-MiniLM-L6-v2", { hubUrl }), hubUrl);
  await expect(refused).rejects.toThrow(/config\.json: expected 612 bytes of SHA-256 953f/);
  await page.close();
});
