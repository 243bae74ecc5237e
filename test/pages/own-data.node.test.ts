// @needs browser
import { afterAll, beforeAll, expect, it } from "vitest";
import { data, spec } from "../jobs/tiny-job.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { BrowserDriver } from "./browser-driver.js";

// Examples that a page has itself, by itself and in a worker, to the adapter that the same file at an address gives.
const page = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/lib/remote.js"></script>`;
const job = { ...spec, model: "/models/tiny", steps: 4, build: "simd", threads: 1 } as const;
const text = new TextDecoder().decode(data["examples.csv"]);

let driver: BrowserDriver;
beforeAll(async () => {
  driver = await BrowserDriver.start({ "worker.html": page });
  driver.models.add("tiny", await tinyEncoder());
  driver.models.add("data", data);
});
afterAll(() => driver?.end());

/** The adapter that a page's own thread makes of each, in base64. */
async function adaptersHere({ job, text }: { job: object; text: string }): Promise<string[]> {
  const own = { "text.csv": text, "bytes.csv": new TextEncoder().encode(text), "picked.csv": new File([text], "any") };
  const made: string[] = [];
  for (const name of ["/models/data/examples.csv", ...Object.keys(own)]) {
    const store = lowrank.memoryStore();
    const sources = lowrank.keptSources({ data: own });
    await lowrank.runJob({ ...job, data: name } as never, store, { sources });
    made.push(btoa(String.fromCharCode(...store.files()["adapter_model.safetensors"]!)));
  }
  return made;
}

/** The same in a worker whose file lies in another folder than the page. */
async function adaptersThere({ job, text }: { job: object; text: string }): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const own = { "text.csv": text, "bytes.csv": bytes, "picked.csv": new File([text], "any") };
  const worker = await remote.startWorker({ build: "simd", threads: 1 });
  const sources = remote.keptSources({ data: own });
  bytes.fill(0);
  const made: string[] = [];
  for (const name of ["models/data/examples.csv", ...Object.keys(own)]) {
    const store = remote.memoryStore();
    await remote.runJob({ ...job, data: name } as never, store, { worker, sources });
    made.push(btoa(String.fromCharCode(...store.files()["adapter_model.safetensors"]!)));
  }
  return made;
}

it("learns from a page's own text, bytes and picked files what it learns from an address", async () => {
  const tab = await driver.tab();
  const here = await tab.evaluate(adaptersHere, { job, text });
  expect(here).toEqual(Array(4).fill(here[0]));
  await tab.close();

  const other = await driver.open("/worker.html");
  await other.waitForFunction("globalThis.remote !== undefined");
  expect(await other.evaluate(adaptersThere, { job, text })).toEqual(here);
  const refused = await other.evaluate(() => {
    try {
      remote.keptSources({ data: { "a.csv": [] as never } });
      return null;
    } catch (error) {
      return String(error);
    }
  });
  expect(refused).toBe("ConfigError: keptSources: data a.csv is text, a Uint8Array or a Blob, got []");
  await other.close();
});
