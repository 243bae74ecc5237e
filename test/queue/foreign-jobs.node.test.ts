import { Queue } from "bullmq";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Redis } from "../../scripts/servers/redis.mjs";
import { JobQueue, type QueueWorkerEvent, runQueueWorker } from "../../ts/queue/index.js";

let redis: Redis;
let foreign: Queue;
let queue: JobQueue;
beforeAll(async () => {
  redis = await Redis.start();
  foreign = new Queue("lowrank", { connection: { url: redis.address } });
  queue = await JobQueue.open(redis.address);
}, 60_000);
afterAll(async () => {
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
    ...{ queue: redis.address, threads: 1, signal: stop.signal },
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
    const version = (await import("../../ts/version.js")).VERSION;
    const held: Record<string, unknown> = {
      ...{ "is-null": null, "is-number": 3, "is-text": "x", "is-list": [1], "is-empty": {} },
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
