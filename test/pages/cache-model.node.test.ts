// @needs browser
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
    const model = await lowrank.cacheModel("/models/tiny", { onProgress: (event) => progress.push(event) });
    await lowrank.init({ build: "simd" });
    const encoder = await lowrank.SentenceEncoder.load(model);
    const vectors = (await encoder.encode(["a good film", "bad"])).map((vector) => [...vector]);
    return {
      vectors,
      progress,
      storage: model.storage,
      refused: model.storageRefused,
      list: await lowrank.cachedModels(),
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
