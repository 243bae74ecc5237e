// @rest services
import { Job, type Worker } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { JobQueue } from "../src/job-queue.js";
import { queueEngine } from "../src/queue-engine.js";
import type { TrainingOutcome } from "../src/run-attempt.js";
import { type QueueServer, queueServers } from "./servers.js";

const { getState } = Job.prototype;
const outcome: TrainingOutcome = {
  out: "/runs/a",
  accuracy: 0.5,
  loss: 0.25,
  steps: 8,
  finished: true,
  measured: [{ step: 8, value: 0.25 }],
};

describe.each(queueServers)("a job on %s that ends while it is asked for", (_name, start) => {
  let server: QueueServer;
  let queue: JobQueue;
  let worker: Worker;
  /** Ends the job that the worker has. */
  let end: (as: TrainingOutcome | Error) => void;
  beforeAll(async () => {
    server = await start();
    queue = await JobQueue.open(server.address);
  });
  beforeEach(async () => {
    const engine = await queueEngine("a test", server.address);
    const ended = new Promise<TrainingOutcome | Error>((resolve) => (end = resolve));
    const run = async () => {
      const as = await ended;
      if (as instanceof Error) throw as;
      return as;
    };
    worker = new engine.Worker(queue.name, run, { connection: engine.connection });
    worker.on("error", () => undefined);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await worker?.close();
  });
  afterAll(async () => {
    await queue?.close();
    await server?.stop();
  });

  /** A job that the worker has, and that ends when it has been read and its state has not. */
  async function endsBetween(id: string, as: TrainingOutcome | Error, isRemoved = false): Promise<void> {
    await queue.submit({ spec: { data: "/data/a.csv" }, out: "/runs/a" }, { id, attempts: 1 });
    await expect.poll(async () => (await queue.get(id))?.state).toBe("active");
    const hasEnded = new Promise((resolve) => {
      worker.once("completed", resolve);
      worker.once("failed", resolve);
    });
    vi.spyOn(Job.prototype, "getState").mockImplementation(async function (this: Job) {
      if (this.id !== id) return getState.call(this);
      end(as);
      await hasEnded;
      const state = await getState.call(this);
      if (isRemoved) await this.remove();
      return state;
    });
  }

  it("is completed with its result", async () => {
    await endsBetween("is-completed", outcome);
    const job = await queue.get("is-completed");
    expect(job).toMatchObject({ state: "completed", result: outcome, error: null });
    expect(job!.ended).toBeInstanceOf(Date);
  });

  it("has failed with its reason", async () => {
    await endsBetween("is-failed", new Error("no such file"));
    expect(await queue.get("is-failed")).toMatchObject({ state: "failed", result: null, error: "no such file" });
  });

  it("stands so in the list", async () => {
    await endsBetween("is-listed", outcome);
    const listed = (await queue.list()).find(({ id }) => id === "is-listed");
    expect(listed).toMatchObject({ state: "completed", result: outcome, error: null });
  });

  it("is none where it is removed at its end", async () => {
    await endsBetween("is-removed", outcome, true);
    expect((await queue.list()).map(({ id }) => id)).not.toContain("is-removed");
  });

  it("is cancelled with those that it waits for while one of them runs, and may be put there again", async () => {
    const children = ["is-one", "is-another"].map((jobId) => ({
      name: "train",
      queueName: queue.name,
      data: {},
      opts: { jobId, ignoreDependencyOnFailure: true },
    }));
    const flow = { name: "stage", queueName: queue.name, data: {}, opts: { jobId: "is-stage" }, children };
    await queue.addFlow(flow);
    const those = async () =>
      (await queue.list()).filter(({ id }) => ["is-one", "is-another", "is-stage"].includes(id));
    const states = async () => (await those()).map(({ state }) => state).toSorted();
    await expect.poll(states).toEqual(["active", "waiting", "waiting"]);
    expect(await queue.cancel("is-stage")).toBe(true);
    const [running, ...others] = await those();
    expect([running!.state, others]).toEqual(["active", []]);
    expect((await Job.fromId(worker, running!.id))!.data).toMatchObject({ cancelled: true });
    end(new Error("no more"));
    await expect.poll(states).toEqual(["failed"]);
    // Whose end it would wait for without an end.
    await queue.addFlow(flow);
    await expect.poll(states).toEqual(["failed", "failed", "failed"]);
  });
});
