// @needs browser
// @rest pages
import { zipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { BrowserDriver } from "./browser-driver.js";

let driver: BrowserDriver;
let page: Page;
beforeAll(async () => {
  driver = await BrowserDriver.start();
  const files = await tinyEncoder();
  driver.models.add("tiny", files);
  const pooling = new TextEncoder().encode('{"pooling_mode_cls_token": true}');
  const inFolder = Object.fromEntries(
    Object.entries({ ...files, "1_Pooling/config.json": pooling }).map(([name, bytes]) => [`minilm/${name}`, bytes]),
  );
  const zip = zipSync({ ...inFolder, "notes.txt": new Uint8Array(3) }, { level: 6 });
  driver.models.add("zips", { "good.zip": zip, "stored.zip": zipSync(inFolder, { level: 0 }) });
  const damaged = zipSync(inFolder, { level: 0 });
  // In the middle of the weights, which nothing but the checksum covers.
  damaged[damaged.length >> 1]! ^= 1;
  driver.models.add("zips", { "damaged.zip": damaged, "cut.zip": zip.subarray(0, zip.length - 100) });
  page = await driver.tab();
});
afterAll(() => driver?.end());

it.each(["good.zip", "stored.zip"])("keeps the model in %s, which needs no second picking", async (name) => {
  const found = await page.evaluate(async (name) => {
    const blob = await (await fetch(`/models/zips/${name}`)).blob();
    const model = await lowrank.cacheModel(new File([blob], name));
    const again = (await lowrank.cachedModel(name.replace(".zip", "")))!;
    const encoder = await lowrank.SentenceEncoder.load(again);
    const original = await lowrank.SentenceEncoder.load("/models/tiny", { pooling: "cls" });
    const text = ["a good film"];
    const vectors = [...(await encoder.encode(text)), ...(await original.encode(text))].map((vector) => [...vector]);
    return { origin: model.origin, files: model.files.map((file) => file.name), vectors };
  }, name);
  expect(found).toMatchObject({ origin: "zip" });
  expect(found.files).toContain("1_Pooling/config.json");
  expect(found.files).not.toContain("notes.txt");
  expect(found.vectors[0]).toEqual(found.vectors[1]);
});

it.each([
  ["damaged.zip", /damaged\.zip : minilm\/model\.safetensors is damaged|minilm\/model\.safetensors is damaged/],
  ["cut.zip", /cut\.zip is no zip archive, or is cut short/],
])("refuses %s by name, and keeps nothing of it", async (name, problem) => {
  const error = await page.evaluate(async (name) => {
    const blob = await (await fetch(`/models/zips/${name}`)).blob();
    const before = await lowrank.cachedModels();
    const thrown = await lowrank.cacheModel(new File([blob], name)).catch((error) => error);
    return {
      name: thrown.name,
      message: thrown.message,
      same: (await lowrank.cachedModels()).length === before.length,
    };
  }, name);
  expect(error).toMatchObject({ name: "FormatError", message: expect.stringMatching(problem), same: true });
});

it("copies a picked folder, by its handle or by its files, and says what it lacks", async () => {
  const found = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("picked", { create: true });
    const files: File[] = [];
    const names = ["config.json", "tokenizer.json", "model.safetensors"];
    for (const name of names) {
      const blob = await (await fetch(`/models/tiny/${name}`)).blob();
      const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await writable.write(blob);
      await writable.close();
      const file = new File([blob], name);
      Object.defineProperty(file, "webkitRelativePath", { value: `chosen/${name}` });
      files.push(file);
    }
    const models = [
      await lowrank.cacheModel(folder),
      await lowrank.cacheModel(files),
      await lowrank.cacheModel(files, { name: "mine" }),
    ];
    await folder.removeEntry("tokenizer.json");
    // What is kept serves on where the new one is not whole.
    const lacks = await lowrank.cacheModel(folder).catch((error) => `${error.name}: ${error.message}`);
    await lowrank.SentenceEncoder.load((await lowrank.cachedModel("picked"))!);
    return {
      models: models.map(({ name, origin, files }) => ({ name, origin, files })),
      lacks,
      list: (await lowrank.cachedModels()).map(({ name }) => name),
      freed: await lowrank.clearCache({ name: "mine" }),
      left: (await lowrank.cachedModels()).map(({ name }) => name),
    };
  });
  const { models, freed, left, list, lacks } = found;
  expect(models.map(({ name }) => name)).toEqual(["picked", "chosen", "mine"]);
  expect(models[0]!.files).toEqual(models[1]!.files);
  expect(lacks).toBe("ModelError: model picked has no tokenizer.json");
  expect(list).toEqual(expect.arrayContaining(["picked", "chosen", "mine"]));
  expect(left).toEqual(list.filter((name) => name !== "mine"));
  expect(freed).toBe(models[2]!.files.reduce((sum, { bytes }) => sum + bytes, 0));
});

it("reads no more at a time than the largest tensor, and never the whole file", async () => {
  const { reads, size, largest } = await page.evaluate(async () => {
    const model = await lowrank.cacheModel("/models/tiny");
    const reads: number[] = [];
    const original = Blob.prototype.arrayBuffer;
    // Every byte that JavaScript gets of a kept file comes this way.
    Blob.prototype.arrayBuffer = async function (this: Blob) {
      reads.push(this.size);
      return original.call(this);
    };
    try {
      const encoder = await lowrank.SentenceEncoder.load(model);
      encoder.dispose();
    } finally {
      Blob.prototype.arrayBuffer = original;
    }
    const file = await lowrank.openSafetensors((await model.open("model.safetensors"))!);
    const sizes = file.names.map((name) => 4 * file.info(name).shape.reduce((a, b) => a * b, 1));
    const { size } = (await model.open("model.safetensors"))!;
    const tokenizer = model.files.find(({ name }) => name === "tokenizer.json")!.bytes;
    return { reads, size, largest: Math.max(...sizes, tokenizer) };
  });
  expect(reads.length).toBeGreaterThan(20);
  expect(largest).toBeLessThan(size / 2);
  // Header and start of the file are read by themselves.
  expect(Math.max(...reads)).toBeLessThanOrEqual(largest);
  expect(reads.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(size + 150_000);
});
