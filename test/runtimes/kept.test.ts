import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, type BrowserName, launchBrowser, openPage } from "../browsers/browser.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import type { ModelServer } from "../pages/model-server.js";
import { type KeptSite, openKeptSite } from "./kept-site.js";

const MEGABYTE = 1024 * 1024;
/** Three pieces' worth of bytes, none like its neighbour. */
const large = Uint8Array.from({ length: 20 * MEGABYTE }, (_, i) => (i * 2654435761) >>> 24);
const digest = createHash("sha256").update(large).digest("hex");
const weights = "org/large/resolve/main/model.safetensors";

let site: KeptSite;
let models: ModelServer;
let hubUrl: string;

/** What pages do: with what they have themselves, or with what works in a worker. */
const script = `
  import * as own from "./ts/index.js";
  import * as remote from "./ts/worker/index.js";
  const names = (error) => [error.name, error.message];
  globalThis.inPlace = (place) => (place === "page" ? own : remote);
  globalThis.keep = async (place, hubUrl, name, cutAt) => {
    const { cacheModel, cachedModels } = inPlace(place);
    let cut = false;
    const onProgress = ({ file, done }) => {
      if (file !== "model.safetensors" || done < cutAt || cut) return;
      cut = true;
      fetch(hubUrl + "/cut");
    };
    try {
      const model = await cacheModel(name, { hubUrl, persist: true, ...(cutAt && { onProgress }) });
      const { storage, storageRefused } = model;
      return { storage, storageRefused, digest: await model.digest("model.safetensors") };
    } catch (error) {
      return { error: names(error), list: (await cachedModels()).map(({ bytes, complete }) => ({ bytes, complete })) };
    }
  };
  const held = async () => (await navigator.storage.getDirectory()).getFileHandle("held", { create: true });
  /** Takes all but so many bytes of what this origin may have. */
  const fill = async (left) => {
    const { quota, usage } = await navigator.storage.estimate();
    if (quota > 1e8) throw new Error("there is more room than a test should take: " + quota);
    const file = await (await held()).createWritable();
    await file.write(new Uint8Array(quota - usage - left));
    await file.close();
  };
  globalThis.freeAgain = async () => (await navigator.storage.getDirectory()).removeEntry("held");
  /** Keeps a model whose download the hub holds back after so many bytes, until there is no room for the rest. */
  globalThis.keepWhereItFills = async (place, hubUrl, name, heldAfter) => {
    const { cacheModel, cachedModels } = inPlace(place);
    let filled = null;
    const onProgress = ({ file, done }) => {
      if (file === "model.safetensors" && done >= heldAfter)
        filled ??= fill(1e6).catch(names).finally(() => fetch(hubUrl + "/release"));
    };
    const error = await cacheModel(name, { hubUrl, onProgress }).then(() => null, names);
    const list = (await cachedModels()).map(({ bytes, complete }) => ({ bytes, complete }));
    return { error, filling: (await filled) ?? null, list };
  };
  /** Another page of the same origin, at the same time. */
  globalThis.elsewhere = async (...args) => {
    const frame = document.createElement("iframe");
    frame.src = location.href;
    const loaded = new Promise((resolve) => (frame.onload = resolve));
    document.documentElement.append(frame);
    await loaded;
    return frame.contentWindow.vectorOf(...args);
  };
  globalThis.vectorOf = async (place, name) => {
    const { cachedModel, SentenceEncoder } = inPlace(place);
    const model = await cachedModel(name);
    if (model === null) return null;
    const encoder = await SentenceEncoder.load(model);
    const [vector] = await encoder.encode(["a good film"]);
    await encoder.dispose();
    return [...vector].map((x) => Math.round(1e4 * x) / 1e4);
  };
`;

beforeAll(async () => {
  site = await openKeptSite(
    () => script,
    (path, _, response) => {
      if (path !== "cut" && path !== "release") return false;
      models[path]();
      response.writeHead(204, { "Access-Control-Allow-Origin": "*" }).end();
      return true;
    },
  );
  ({ models, hubUrl } = site);
  models.add("org/tiny/resolve/main", await tinyEncoder());
  models.add("org/large/resolve/main", { ...(await tinyEncoder()), "model.safetensors": large });
});
afterAll(() => site?.close());

/**
 * Where each browser keeps files. The window in which WebKitGTK is driven is a private one, which has no such file system;
 * kept-runs.test.ts opens others.
 */
const browsers: readonly (readonly [BrowserName, "page" | "worker", "opfs" | "memory"])[] = [
  ["chromium", "page", "opfs"],
  ["chromium", "worker", "opfs"],
  ["firefox", "page", "opfs"],
  ["firefox", "worker", "opfs"],
  ["webkit", "page", "memory"],
  ["webkit", "worker", "memory"],
];

describe.each(browsers)("%s, kept by the %s", (name, place, storage) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  async function inPage<T>(use: (evaluate: (expression: string) => Promise<unknown>) => Promise<T>): Promise<T> {
    const page = await openPage(browser, `${site.origin}/isolated/`, "vectorOf");
    try {
      return await use((expression) => page.evaluate(expression));
    } finally {
      await page.close();
    }
  }
  const call = (what: string, ...args: readonly unknown[]) =>
    `${what}(${[place, ...args].map((argument) => JSON.stringify(argument)).join()})`;

  it("a model of a hub of another origin, loaded, and found by the next page", async () => {
    const asked = models.asked.length;
    const first = await inPage(async (evaluate) => {
      const kept = await evaluate(call("keep", hubUrl, "org/tiny"));
      const vector = await evaluate(call("vectorOf", "org/tiny"));
      const once = models.asked.length;
      const later = await evaluate(call("elsewhere", "org/tiny"));
      return { kept, vector, later, again: models.asked.length - once };
    });
    expect(first.kept).toMatchObject({ storage, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(first.vector).toHaveLength(32);
    expect(models.asked.length).toBeGreaterThan(asked);
    expect(first.later).toEqual(storage === "opfs" ? first.vector : null);
    expect(first.again).toBe(0);
  });

  it("a download that was cut goes on, and one for which there is no room is refused before", async () => {
    await inPage(async (evaluate) => {
      models.manners.set(weights, { holdAfter: 13 * MEGABYTE });
      const cut = await evaluate(call("keep", hubUrl, "org/large", 13 * MEGABYTE));
      models.manners.clear();
      expect(cut).toMatchObject({
        error: ["ModelError", expect.stringMatching(/model\.safetensors broke off after \d+ of 20971520 bytes/)],
        list: expect.arrayContaining([{ bytes: 13 * MEGABYTE, complete: false }]),
      });
      expect(await evaluate(call("keep", hubUrl, "org/large"))).toMatchObject({ storage, digest });
      expect(models.requests(weights).at(-1)!.range).toBe(`bytes=${13 * MEGABYTE}-`);
      const freed = await evaluate(`inPlace(${JSON.stringify(place)}).clearCache()`);
      expect(freed).toBeGreaterThanOrEqual(large.length);
      // What is there of memory no browser tells.
      if (storage === "memory") return;
      models.manners.set(weights, { claim: 10 ** 15, holdAfter: 10 });
      const refused = await evaluate(call("keep", hubUrl, "org/large"));
      models.manners.clear();
      models.cut();
      expect(refused).toMatchObject({ error: ["QuotaError", expect.stringMatching(/more are needed/)], list: [] });
    });
  });
});

describe.each(["page", "worker"])("firefox with little room, kept by the %s", (place) => {
  it("keeps what came where there is no more room on the way, and goes on when there is", async () => {
    // Kilobytes of all origins together, of which one has a fifth.
    const browser = await launchBrowser("firefox", { "dom.quotaManager.temporaryStorage.fixedLimit": 250_000 });
    try {
      const page = await openPage(browser, `${site.origin}/isolated/`, "vectorOf");
      const call = (what: string, ...args: readonly unknown[]) =>
        page.evaluate(`${what}(${[place, hubUrl, "org/large", ...args].map((value) => JSON.stringify(value)).join()})`);
      models.manners.set(weights, { holdAfter: 13 * MEGABYTE });
      const refused = await call("keepWhereItFills", 13 * MEGABYTE);
      models.manners.clear();
      expect(refused).toEqual({
        error: ["QuotaError", expect.stringMatching(/more are needed, and no more are given/)],
        filling: null,
        list: [{ bytes: 8 * MEGABYTE, complete: false }],
      });
      await page.evaluate("freeAgain()");
      expect(await call("keep")).toMatchObject({ storage: "opfs", digest });
      expect(models.requests(weights).at(-1)!.range).toBe(`bytes=${8 * MEGABYTE}-`);
    } finally {
      await browser.close();
    }
  });
});
