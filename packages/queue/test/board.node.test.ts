// @rest services
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JobQueue } from "../src/job-queue.js";
import { runQueueWorker } from "../src/worker/queue-worker.js";
import { type QueueServer, queueServers } from "./servers.js";

/** Starts a worker with a board, and ends it after `work`, which gets the board's address. */
async function withBoard(queue: string, host: string | undefined, work: (at: string) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let told: (address: string) => void;
  const address = new Promise<string>((resolve) => (told = resolve));
  const worker = runQueueWorker({
    queue,
    board: { port: 0, ...(host === undefined ? {} : { host }) },
    signal: stop.signal,
    onEvent: (event) => void (event.type === "board" && told(event.address)),
  });
  worker.catch(() => undefined);
  try {
    await work(await Promise.race([address, worker.then(() => "")]));
  } finally {
    stop.abort();
    await worker;
  }
}

/** The status of an answer to a request whose Host header names something else. */
async function statusAs(at: string, host: string): Promise<number | undefined> {
  const sent = request(`${at}api/queues`, { headers: { host }, agent: false }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

describe.each(queueServers)("the board of a queue on %s", (_name, start) => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  afterAll(() => server?.stop());

  it("shows what waits, and hears no other page", { timeout: 30_000 }, async () => {
    await withBoard(server.address, undefined, async (at) => {
      expect(at).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      expect(await (await fetch(at)).text()).toMatch(/<title>Bull Dashboard|bull/i);
      const listed = (await (await fetch(`${at}api/queues`)).json()) as { queues: { name: string }[] };
      expect(listed.queues.map(({ name }) => name)).toEqual(["lowrank"]);
      const metrics = await fetch(`${at}metrics`);
      expect(metrics.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
      expect(await metrics.text()).toMatch(/^bullmq_job_count\{.*state="prioritized".*\} 0$/m);
      const asked = (headers: Record<string, string>) =>
        fetch(`${at}api/queues`, { headers }).then(({ status }) => status);
      expect(await asked({ origin: at.slice(0, -1) })).toBe(200);
      expect(await asked({ origin: "https://example.org" })).toBe(403);
      expect(await asked({ origin: "null" })).toBe(403);
      const { port } = new URL(at);
      expect(await statusAs(at, `localhost:${port}`)).toBe(200);
      expect(await statusAs(at, `evil.example:${port}`)).toBe(403);
      const error: unknown = await runQueueWorker({ queue: server.address, board: { port: Number(port) } }).catch(
        (thrown: unknown) => thrown,
      );
      expect((error as Error).message).toContain(`the board cannot listen on port ${port}`);
    });
    await withBoard(server.address, "::ffff:127.0.0.1", async (at) => {
      expect(await statusAs(at, "127.0.0.1")).toBe(200);
      expect(await statusAs(at, "evil.example")).toBe(403);
    });
    const queue = await JobQueue.open(server.address);
    expect(await queue.list()).toEqual([]);
    await queue.close();
  });
});
