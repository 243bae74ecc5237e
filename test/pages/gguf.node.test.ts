// @needs browser
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { data } from "../jobs/tiny-job.js";
import { BrowserDriver } from "./browser-driver.js";

const file = new Uint8Array(readFileSync(join(root, "test/golden/gguf/models/llama.gguf")));
const path = "language/tiny.gguf";
const MEGABYTE = 1024 * 1024;

let driver: BrowserDriver;
let page: Page;
beforeAll(async () => {
  driver = await BrowserDriver.start({
    "worker.html": `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/lib/remote.js"></script>`,
  });
  driver.models.add("language", { "tiny.gguf": file, "large.gguf": new Uint8Array(10 * MEGABYTE) });
  driver.models.add("data", data);
  page = await driver.tab();
});
afterAll(() => driver?.end());
beforeEach(async () => {
  driver.models.manners.clear();
  await page.evaluate(() => lowrank.clearCache());
  driver.models.asked.length = 0;
});

/** What a kept model and one that is read where it lies say next, and what is told of the former. */
const told = (from: string) =>
  page.evaluate(async (from) => {
    const ids = async (source: Parameters<typeof lowrank.CausalLanguageModel.load>[0]) => {
      const model = await lowrank.CausalLanguageModel.load(source);
      const found: number[] = [];
      for await (const { id } of model.generateTokens([1, 2, 3], { maxTokens: 8, ignoreEnd: true })) found.push(id);
      model.dispose();
      return found;
    };
    const given =
      from === "picked" ? new File([await (await fetch("/models/language/tiny.gguf")).blob()], "mine.gguf") : from;
    const kept = await lowrank.cacheModel(given);
    const again = (await lowrank.cachedModel(kept.name))!;
    const { name, origin, files, bytes } = kept;
    return {
      name,
      origin,
      bytes,
      files: files.map((file) => file.name),
      digest: await kept.digest("model.gguf"),
      same: files[0]!.sha256,
      ids: [await ids(kept), await ids(again), await ids("/models/language/tiny.gguf")],
    };
  }, from);

it.each([
  ["/models/language/tiny.gguf", "address", "tiny.gguf"],
  ["/models/language/tiny.gguf?download=true", "address", "tiny.gguf?download=true"],
  ["picked", "file", "mine.gguf"],
])("keeps a GGUF file, %s, as the model that it is", async (from, origin, name) => {
  const { ids, digest, same, ...rest } = await told(from);
  expect(rest).toMatchObject({ origin, bytes: file.length, files: [name] });
  expect(digest).toBe(same);
  expect(ids[0]).toHaveLength(8);
  expect(ids[1]).toEqual(ids[0]);
  expect(ids[2]).toEqual(ids[0]);
});

it("goes on where the download of one was cut", async () => {
  driver.models.manners.set("language/large.gguf", { holdAfter: 9 * MEGABYTE });
  const running = page.evaluate(() =>
    lowrank
      .cacheModel("/models/language/large.gguf", { onProgress: ({ done }) => Object.assign(globalThis, { done }) })
      .catch((error: Error) => error.name),
  );
  await driver.cutAt(page, 9 * MEGABYTE);
  expect(await running).toBe("ModelError");
  driver.models.manners.clear();
  const bytes = await page.evaluate(async () => (await lowrank.cacheModel("/models/language/large.gguf")).bytes);
  expect(bytes).toBe(10 * MEGABYTE);
  expect(driver.models.requests("language/large.gguf").at(-1)!.range).toBe(`bytes=${9 * MEGABYTE}-`);
});

it("a worker keeps one, finds it by its name, loads it and trains on it", async () => {
  const tab = await driver.open("/worker.html");
  await tab.waitForFunction("globalThis.remote !== undefined");
  const found = await tab.evaluate(async () => {
    const kept = await remote.cacheModel("/models/language/tiny.gguf", { name: "mine" });
    const model = await remote.CausalLanguageModel.load((await remote.cachedModel("mine"))!);
    let id: number | null = null;
    for await (const token of model.generateTokens([1, 2, 3], { maxTokens: 1, ignoreEnd: true })) id = token.id;
    await model.dispose();
    const bytes = new TextEncoder().encode('{"ids":[1,2,3],"mask":[0,1,1]}\n'.repeat(12));
    const store = remote.memoryStore();
    const { report } = await remote.runJob(
      { task: "text", model: "mine", data: "rows.jsonl", steps: 2, batchSize: 2, validationSplit: 0 },
      store,
      {
        sources: {
          findModel: async () => kept as never,
          readData: async (name) => ({ name, bytes }),
          machine: () => ({}),
        },
      },
    );
    return { id, steps: report.steps.length, files: Object.keys(store.files()) };
  });
  expect(found.id).toEqual(expect.any(Number));
  expect(found.steps).toBe(2);
  expect(found.files).toContain("adapter_model.safetensors");
  expect(driver.models.requests(path).length).toBe(1);
  await tab.close();
});
