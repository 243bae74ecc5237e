// @rest services
import { Queue, Worker } from "bullmq";
import { Redis as Client } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Redis } from "../../../scripts/servers/redis.mjs";
import { resultText } from "../src/cli/result-text.js";
import { JobQueue, type QueueWorkerEvent, runQueueWorker } from "../src/index.js";

let redis: Redis;
let foreign: Queue;
let queue: JobQueue;
let client: Client;
beforeAll(async () => {
  redis = await Redis.start();
  foreign = new Queue("lowrank", { connection: { url: redis.address } });
  queue = await JobQueue.open(redis.address);
  client = new Client(redis.address);
}, 60_000);
afterAll(async () => {
  client?.disconnect();
  await queue?.close();
  await foreign?.close();
  await redis?.stop();
});

/** What a worker says until `count` jobs have failed or been handed back. */
async function work(count: number): Promise<readonly QueueWorkerEvent[]> {
  const events: QueueWorkerEvent[] = [];
  const stop = new AbortController();
  const done = () => events.filter(({ type }) => type === "failed" || type === "handed back").length;
  await runQueueWorker({
    queue: redis.address,
    threads: 1,
    signal: stop.signal,
    onEvent(event) {
      events.push(event);
      if (done() === count) stop.abort();
    },
  });
  return events;
}

/** Nested too deep for whoever calls itself for each. */
const deep = (): unknown => JSON.parse(`${"[".repeat(4_000)}${"]".repeat(4_000)}`);

it(
  "what is no training fails for good, and is listed, read and cancelled as others are",
  { timeout: 60_000 },
  async () => {
    const version = (await import("../../../ts/version.js")).VERSION;
    const held: Record<string, unknown> = {
      "is-null": null,
      "is-number": 3,
      "is-text": "x",
      "is-list": [1],
      "is-empty": {},
      "is-deep": { version, out: "/runs/a", spec: { data: deep() } },
      "is-prototype": JSON.parse(`{"version":"${version}","out":"/runs/a","spec":{"__proto__":{"data":"a"}}}`),
      "has-odd-place": { version, out: 7, spec: { data: "a.csv" } },
      "has-odd-deadline": { version, out: "/runs/a", spec: { data: "a.csv" }, deadline: "soon" },
    };
    const names = Object.keys(held);
    for (const id of names) await foreign.add("train", held[id], { jobId: id, attempts: 3 });
    await foreign.add("stage", null, { jobId: "is-stage", attempts: 3 });
    const all = [...names, "is-stage"];
    expect((await queue.list()).map(({ id }) => id).toSorted()).toEqual(all.toSorted());
    expect(await queue.get("is-null")).toMatchObject({ state: "waiting", out: "" });
    expect(await queue.files("is-null")).toBeNull();
    expect(await queue.cancel("is-text")).toBe(true);
    const failed = (await work(all.length - 1)).filter((event) => event.type === "failed");
    expect(failed.map(({ id }) => id).toSorted()).toEqual(all.filter((id) => id !== "is-text").toSorted());
    for (const { id, again, error } of failed) {
      expect(again, id).toBe(false);
      expect(error).toMatch(new RegExp(`^job ${id}: `));
    }
  },
);

it("what another version has said in its own words is handed back unread", { timeout: 60_000 }, async () => {
  const data = { version: "99.0.0", out: "/runs/a", spec: { data: "a.csv", newly: "there" } };
  await foreign.add("train", data, { jobId: "is-newer", attempts: 3 });
  const [event] = (await work(1)).filter(({ type }) => type === "handed back" || type === "failed");
  expect(event).toEqual({
    type: "handed back",
    id: "is-newer",
    why: expect.stringContaining("version 99.0.0") as string,
  });
  expect(await queue.get("is-newer")).toMatchObject({ state: "waiting", error: null });
});

it("what is no JSON, or no job at all, is said by its name, and stops no other", { timeout: 60_000 }, async () => {
  const names = ["before", "has-no-data", "between", "has-no-options", "is-no-job"];
  for (const id of names) await foreign.add("train", { spec: 3 }, { jobId: id, attempts: 3 });
  await client.hset("bull:lowrank:has-no-data", "data", "{half");
  await client.hset("bull:lowrank:has-no-options", "opts", "{half");
  await client.multi().del("bull:lowrank:is-no-job").set("bull:lowrank:is-no-job", "text").exec();
  const listed = new Map((await queue.list()).map((job) => [job.id, job]));
  for (const id of names) expect(listed.get(id), id).toMatchObject({ state: "waiting", out: "" });
  expect(listed.get("has-no-options")!.error).toMatch(/^it cannot be read: .*JSON/);
  expect(await queue.get("is-no-job")).toEqual(listed.get("is-no-job"));
  expect(await queue.cancel("has-no-options")).toBe(true);
  await client.lrem("bull:lowrank:wait", 0, "is-no-job");
  const before = Number(/^bullmq_job_failed_total\{.*\} (\d+)/m.exec(await queue.metrics())![1]);
  // None of them is lost, and none counts as ended before another could be read.
  const events = await work(3);
  const failed = events.filter((event) => event.type === "failed").map(({ id, again }) => `${id} ${again}`);
  expect(failed).toEqual(["before false", "has-no-data false", "between false"]);
  expect(events.filter(({ type }) => type === "trouble" || type === "stalled")).toEqual([]);
  expect(await queue.metrics()).toContain(`bullmq_job_failed_total{queue="lowrank"} ${before + 3}`);
});

it("results and progress of other programs are none, and stop no list", { timeout: 60_000 }, async () => {
  await foreign.obliterate({ force: true });
  const outcome = { out: "/runs/a", accuracy: null, loss: 1, steps: 3, finished: true, measured: [] };
  const newer = { ...outcome, metric: { task: "regress", name: "newly", value: 0.5 } };
  const results: Record<string, unknown> = {
    "is-number": 5,
    "is-text": "text",
    "is-list": [1],
    "has-text-for-loss": { ...outcome, loss: "x" },
    "has-text-for-measured": { ...outcome, measured: "x" },
    "has-null-in-measured": { ...outcome, measured: [null] },
    "has-half-a-metric": { ...outcome, metric: { task: "regress", name: "mae" } },
    "is-training": outcome,
    "is-newer": newer,
    "is-prototype": { ...outcome, metric: { task: "__proto__", name: "constructor", value: 1 } },
  };
  for (const id of Object.keys(results)) await foreign.add("train", {}, { jobId: id });
  const worker = new Worker("lowrank", (job) => Promise.resolve(results[job.id!]), {
    connection: { url: redis.address },
  });
  await expect.poll(() => foreign.getCompletedCount()).toBe(Object.keys(results).length);
  await worker.close();
  for (const id of Object.keys(results))
    expect((await queue.get(id))!.result, id).toEqual(/^is-(training|newer|proto)/.test(id) ? results[id] : null);
  const fields: Record<string, string> = { timestamp: "x", progress: '{"phase":3}', ats: "x", opts: "null" };
  for (const [field, value] of Object.entries(fields)) {
    await foreign.add("train", {}, { jobId: `odd-${field}` });
    await client.hset(`bull:lowrank:odd-${field}`, field, value);
  }
  expect(await queue.get("odd-timestamp")).toMatchObject({ submitted: new Date(0) });
  expect(await queue.get("odd-progress")).toMatchObject({ progress: null });
  expect(await queue.get("odd-ats")).toMatchObject({ attempts: 0 });
  expect((await queue.get("odd-opts"))!.error).toMatch(/^it cannot be read: /);
  const listed = new Map((await queue.list()).map((job) => [job.id, job]));
  for (const id of [...Object.keys(results), ...Object.keys(fields).map((field) => `odd-${field}`)])
    expect(listed.has(id), id).toBe(true);
  const textOf = (id: string) => resultText(listed.get(id)!.result!);
  expect(textOf("is-training")).toBe("loss 1.000");
  expect(textOf("is-newer")).toBe("newly 0.500");
  expect(textOf("is-prototype")).toBe("constructor 1.000");
  await foreign.obliterate({ force: true });
});

it("what the queue has beside its jobs is none, and stays", async () => {
  const before = await client.hgetall("bull:lowrank:meta");
  for (const id of ["meta", "events", "failed", "id", "pc", "metrics:failed", "before:logs", "a\0b", ""]) {
    expect(await queue.get(id), id).toBeNull();
    expect(await queue.files(id), id).toBeNull();
    expect(await queue.cancel(id), id).toBe(false);
  }
  expect(await client.hgetall("bull:lowrank:meta")).toEqual(before);
});
