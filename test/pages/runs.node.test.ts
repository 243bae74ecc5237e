// @needs browser
// @rest pages
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { data, spec } from "../jobs/tiny-job.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { BrowserDriver } from "./browser-driver.js";

let driver: BrowserDriver;
const job = { ...spec, model: "/models/tiny", data: "/models/data/examples.csv", build: "simd", threads: 1 } as const;

beforeAll(async () => {
  driver = await BrowserDriver.start();
  driver.models.add("tiny", await tinyEncoder());
  driver.models.add("data", data);
});
afterAll(() => driver?.end());

/** Runs the job in a store, in a page; what it left, without times. */
async function runIn({ job, name }: { job: object; name: string | null }) {
  const store = name === null ? lowrank.memoryStore() : lowrank.opfsStore(name);
  const { report } = await lowrank.runJob(job as never, store, { sources: lowrank.keptSources() });
  const files = await store.files();
  const bytes = Object.entries(files).filter(([file]) => !/report\.json|loss\.svg/.test(file));
  return {
    files: Object.fromEntries(bytes.map(([file, content]) => [file, [...content]])),
    losses: report.steps.map(({ loss }) => loss),
    names: Object.keys(files).sort(),
  };
}

/** Begins the job, and resolves when a checkpoint is safe. */
async function begin(page: Page, name: string): Promise<void> {
  await page.evaluate(
    ({ job, name }) =>
      new Promise<void>((resolve, reject) => {
        const onProgress = (event: { type: string }) => void (event.type === "checkpoint" && resolve());
        const store = lowrank.opfsStore(name);
        lowrank.runJob(job as never, store, { sources: lowrank.keptSources(), onProgress }).catch(reject);
      }),
    { job, name },
  );
}

it(
  "a run whose page was closed, or whose browser was killed, goes on to the same bytes",
  { timeout: 240_000 },
  async () => {
    const page = await driver.tab();
    const undisturbed = await page.evaluate(runIn, { job, name: null });
    expect(await page.evaluate(runIn, { job, name: "whole" })).toEqual(undisturbed);

    await begin(page, "closed");
    await page.close();
    const second = await driver.tab();
    const status = await second.evaluate(async () => {
      const store = lowrank.opfsStore("closed");
      return { spec: await lowrank.unfinishedSpec(store), status: (await lowrank.runStatus(store))?.status };
    });
    expect(status).toMatchObject({ spec: { data: job.data }, status: "training" });
    expect(await second.evaluate(runIn, { job, name: "closed" })).toEqual(undisturbed);

    await begin(second, "killed");
    await driver.kill();
    expect(await (await driver.tab()).evaluate(runIn, { job, name: "killed" })).toEqual(undisturbed);
  },
);

/** What a store must do, in a page or a worker; gives what is wrong. */
async function contract(): Promise<string[]> {
  const wrong: string[] = [];
  const bytes = (text: string) => new TextEncoder().encode(text);
  const store = lowrank.opfsStore(`contract ${Math.random()}`);
  const text = async (blob: string, length?: number) => {
    const found = await store.read(blob, length);
    return found && new TextDecoder().decode(found);
  };
  const is = (what: string, got: unknown, expected: unknown) =>
    void (JSON.stringify(got) !== JSON.stringify(expected) && wrong.push(`${what}: ${JSON.stringify(got)}`));
  const release = await store.claim();
  is("nothing", [await store.has("a"), await store.read("a"), await store.read("a", 3)], [false, null, null]);
  await store.remove("a");
  const mine = bytes("one");
  const writing = store.write({ a: mine, b: bytes("two") });
  mine.fill(0);
  await writing;
  is("two", [await text("a"), await text("b")], ["one", "two"]);
  await store.write({ b: bytes("three") });
  is("replaced", [await text("a"), await text("b")], ["one", "three"]);
  await store.append("c", 0, bytes("line 1\n"));
  await store.append("c", 7, bytes("line 2\nline"));
  await store.append("c", 14, bytes("line 3\n"));
  is("appended", await text("c"), "line 1\nline 2\nline 3\n");
  is("its start", [await text("c", 7), await text("c", 2 ** 50)], ["line 1\n", "line 1\nline 2\nline 3\n"]);
  await store.append("c", 0, bytes("new"));
  is("begun anew", await text("c"), "new");
  // At once: none is lost.
  await Promise.all(["d", "e", "f"].map((blob) => store.write({ [blob]: bytes(blob) })));
  is("at once", Object.keys(await store.files()).sort(), ["a", "b", "c", "d", "e", "f"]);
  await store.remove("a");
  is("removed", [await store.has("a"), await store.has("b")], [false, true]);
  const claims = await Promise.allSettled([store.claim(), store.claim(), store.discard()]);
  is(
    "claims",
    claims.map((claim) => (claim.status === "rejected" ? claim.reason.name : "held")),
    Array(3).fill("ConfigError"),
  );
  await release();
  const held = await Promise.allSettled([store.claim(), store.claim()]);
  is("one of two", held.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  for (const claim of held) if (claim.status === "fulfilled") await claim.value();
  await store.discard();
  is("discarded", await store.files(), {});
  return wrong;
}

it("the store does what a store must, in a page and in a worker", async () => {
  const page = await driver.tab();
  expect(await page.evaluate(contract)).toEqual([]);
  // As in Safari before 26, whose workers write in place and whose pages cannot write at all.
  for (const before of ["", "delete FileSystemFileHandle.prototype.createWritable;"]) {
    const script = `${before} import "/lib/everything.js"; (${contract})().then(postMessage, (error) => postMessage([String(error)]));`;
    driver.pages["worker.js"] = script;
    const wrong = await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(`/worker.js?${Math.random()}`, { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        }),
    );
    expect(wrong).toEqual([]);
  }
  const refused = await page.evaluate(async () => {
    Reflect.deleteProperty(FileSystemFileHandle.prototype, "createWritable");
    const model = await lowrank.cacheModel("/models/tiny");
    const error = await lowrank
      .opfsStore("a")
      .claim()
      .catch((thrown) => thrown);
    return { storage: model.storage, why: model.storageRefused, error: `${error.name}: ${error.message}` };
  });
  const why = "this browser writes to the Origin Private File System in dedicated workers only";
  expect(refused).toMatchObject({ storage: "memory", why });
  expect(refused.error).toBe(`UnsupportedError: opfsStore: ${why}; memoryStore() keeps a run until the page is closed`);
  await page.close();
});

it("jobs at once, in one tab and in two: those of a name are one, the others refused; others get the bits that they get alone", async () => {
  const [first, second] = [await driver.tab(), await driver.tab()];
  const alone = await first.evaluate(runIn, { job, name: null });
  const run = (page: Page, name: string) =>
    page.evaluate(runIn, { job, name }).catch((error: Error) => error.message.split("\n")[0]!);
  const busy = expect.stringMatching(/: one is in use: another job uses it|: one has a finished run/);
  const [one, again, elsewhere, other] = await Promise.all([
    run(first, "one"),
    run(first, "one"),
    run(second, "one"),
    run(first, "two"),
  ]);
  const after = await run(second, "three");
  expect([one, again, elsewhere].filter((outcome) => typeof outcome !== "string")).toEqual([alone]);
  expect([one, again, elsewhere].filter((outcome) => typeof outcome === "string")).toEqual([busy, busy]);
  expect([other, after]).toEqual([alone, alone]);
  await first.close();
  await second.close();
});

it("a run that a tab has is refused to another by name, and free when the tab is closed", async () => {
  const [first, second] = [await driver.tab(), await driver.tab()];
  await first.evaluate(async () => void (await lowrank.opfsStore("mine").claim()));
  const claim = () =>
    lowrank
      .opfsStore("mine")
      .claim()
      .then((release) => Promise.resolve(release()).then(() => "free"))
      .catch((error: Error) => `${error.name}: ${error.message}`);
  expect(await second.evaluate(claim)).toMatch(
    /^ConfigError: mine is in use: another job uses it, here or in another tab/,
  );
  await first.close();
  // The lock goes with the first tab's process, some time after the tab.
  await expect.poll(() => second.evaluate(claim), { timeout: 30_000 }).toBe("free");
  await second.close();
});
