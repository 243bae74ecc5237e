// @needs browser
// @rest pages
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { BrowserDriver } from "./browser-driver.js";

let driver: BrowserDriver;
beforeAll(async () => {
  driver = await BrowserDriver.start();
  for (const name of ["shared", "cleared", "offline"]) driver.models.add(name, await tinyEncoder());
});
afterAll(() => driver?.end());

/** Waits until the server holds a file back. */
const asked = (path: string) =>
  vi.waitFor(() => expect(driver.models.requests(path)).toHaveLength(1), { timeout: 60_000 });

it("two tabs and two calls that want a model get it by one download", async () => {
  const [first, second] = [await driver.tab(), await driver.tab()];
  driver.models.manners.set("shared/model.safetensors", { holdAfter: 1000 });
  const keep = async () => {
    const models = await Promise.all([lowrank.cacheModel("/models/shared"), lowrank.cacheModel("/models/shared")]);
    const encoder = await lowrank.SentenceEncoder.load(models[1]);
    const [vector] = await encoder.encode(["a good film"]);
    return [...vector!];
  };
  const both = [first.evaluate(keep), second.evaluate(keep)];
  // All four have asked for the lock before the one that has it gets on.
  const queued = `navigator.locks.query().then(({ held, pending }) =>
    [...held, ...pending].filter(({ name }) => name.startsWith("lowrank-models")).length === 4)`;
  await expect.poll(() => first.evaluate(queued), { timeout: 30_000 }).toBe(true);
  // From its first file on there is something that could be cleared.
  await asked("shared/model.safetensors");
  const busy = await second.evaluate(() =>
    lowrank.clearCache().catch((error: Error) => `${error.name}: ${error.message}`),
  );
  driver.models.release();
  const [a, b] = await Promise.all(both);
  expect(a).toEqual(b);
  expect(driver.models.requests("shared/model.safetensors")).toHaveLength(1);
  expect(driver.models.requests("shared/config.json")).toHaveLength(1);
  expect(busy).toMatch(/^ConfigError: clearCache: "http:.*\/models\/shared" is being fetched, here or in another tab/);
  await first.close();
  await second.close();
});

/** Loads the first tab's model while something holds its weights back; `goOn` lets it. */
async function loadSlowly(): Promise<string> {
  const { model } = globalThis as unknown as { model: Awaited<ReturnType<typeof lowrank.cacheModel>> };
  const held = new Promise<void>((resolve) => Object.assign(globalThis, { goOn: resolve }));
  const open = async (file: string) => {
    const source = await model.open(file);
    if (source === null || file !== "model.safetensors") return source;
    const read = async (offset: number, length: number) => {
      // Behind its header.
      if (offset > 8) await held;
      return source.read(offset, length);
    };
    return { size: source.size, read };
  };
  return lowrank.SentenceEncoder.load({ ...model, open }).then(
    () => "loaded",
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

it("a model that another tab clears is missed by name where it is being loaded, stays where it is loaded, and is no other afterwards", async () => {
  const [first, second] = [await driver.tab(), await driver.tab()];
  const vectorOf = `encoder.encode(["a good film"]).then(([vector]) => [...vector])`;
  await first.evaluate(async () => {
    const model = await lowrank.cacheModel("/models/cleared");
    Object.assign(globalThis, { model, encoder: await lowrank.SentenceEncoder.load(model) });
  });
  const vector = await first.evaluate(vectorOf);
  const loading = first.evaluate(loadSlowly);
  await first.waitForFunction("globalThis.goOn !== undefined");
  expect(await second.evaluate(() => lowrank.clearCache())).toBeGreaterThan(0);
  await first.evaluate("goOn()");
  const removed =
    /^ModelError: model http.*cleared: \S+ was removed from this browser's storage; call cacheModel again/;
  expect(await loading).toMatch(removed);
  expect(await first.evaluate(vectorOf)).toEqual(vector);

  // The same address has another model of that size by now, which the second tab has fetched.
  const weights = "cleared/model.safetensors";
  driver.models.files.set(
    weights,
    driver.models.files.get(weights)!.map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)),
  );
  await second.evaluate(() => lowrank.cacheModel("/models/cleared").then(() => undefined));
  const old = first.evaluate(loadSlowly);
  await first.evaluate("goOn()");
  expect(await old).toMatch(removed);
  const digests = await first.evaluate(async () => {
    const { model } = globalThis as unknown as { model: Awaited<ReturnType<typeof lowrank.cacheModel>> };
    const again = await lowrank.cacheModel("/models/cleared");
    await lowrank.SentenceEncoder.load(again);
    return [await model.digest("model.safetensors"), await again.digest("model.safetensors")];
  });
  expect(digests[0]).not.toBe(digests[1]);
  await first.close();
  await second.close();
});

it("works under a policy that allows WebAssembly and no code generation", async () => {
  const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
  const main = `
    import { lowrank } from "/lib/everything.js";
    let evaluated = "refused";
    try { evaluated = new Function("return 'allowed'")(); } catch {}
    const model = await lowrank.cacheModel("/models/tiny").catch((error) => ({ error }));
    const encoder = model.error ? null : await lowrank.SentenceEncoder.load(model);
    const store = lowrank.opfsStore("csp");
    await store.write({ a: new Uint8Array(3) });
    const [vector] = encoder ? await encoder.encode(["a good film"]) : [[]];
    document.title = model.error ?? [evaluated, model.storage, vector.length, (await store.read("a")).length].join(" ");`;
  const page = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/main.js"></script>`;
  const strict = await BrowserDriver.start({ "strict.html": page, "main.js": main }, policy);
  try {
    strict.models.add("tiny", await tinyEncoder());
    expect(await strict.titleOf("/strict.html")).toBe("refused opfs 32 3");
  } finally {
    await strict.end();
  }
});

it("says which policy forbids WebAssembly, and what it has to allow; in a worker too", async () => {
  const title = (what: string) => `
    const error = await ${what}.catch((error) => error);
    document.title = error.name + ": " + error.message;`;
  const pages = {
    "here.js": `import { lowrank } from "/lib/everything.js"; ${title("lowrank.init({ threads: 1 })")}`,
    "there.js": `import { remote } from "/lib/remote.js"; ${title("remote.startWorker({ threads: 1 })")}`,
    "here.html": '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/here.js"></script>',
    "there.html": '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/there.js"></script>',
  };
  const strict = await BrowserDriver.start(pages, "default-src 'self'");
  try {
    const told =
      /^UnsupportedError: init: the Content-Security-Policy of this .* forbids WebAssembly: .* 'wasm-unsafe-eval'$/;
    expect(await strict.titleOf("/here.html")).toMatch(told);
    expect(await strict.titleOf("/there.html")).toMatch(told);
  } finally {
    await strict.end();
  }
});

it("a name is an address of the page, which is said where nothing lies there", async () => {
  const page = await driver.tab();
  const refused = (name: string) =>
    page.evaluate((name) => lowrank.SentenceEncoder.load(name).catch((error: Error) => error.message), name);
  const { url } = driver;
  expect(await refused("models/none")).toContain(
    `config.json is missing at ${url}/models/none/config.json (a name is an address here; cacheModel takes names on the hub)`,
  );
  expect(await refused("none")).toContain(`${url}/none/config.json answered with an HTML page in place of config.json`);
  await page.addScriptTag({ type: "module", url: "/lib/remote.js" });
  await page.waitForFunction("globalThis.remote !== undefined");
  expect(
    await page.evaluate(() => remote.SentenceEncoder.load("models/none").catch((error: Error) => error.message)),
  ).toContain(`model models/none: config.json is missing at ${url}/models/none/config.json (a name is an address here`);
  await page.close();
});

it("what was kept loads when the server is gone", async () => {
  const page = await driver.tab();
  const load = async () => {
    const encoder = await lowrank.SentenceEncoder.load(await lowrank.cacheModel("/models/offline"));
    const [vector] = await encoder.encode(["a good film"]);
    encoder.dispose();
    return [...vector!];
  };
  const first = await page.evaluate(load);
  driver.closeServer();
  expect(await page.evaluate(() => fetch("/models/offline/config.json").catch(() => "no server"))).toBe("no server");
  expect(await page.evaluate(load)).toEqual(first);
});
