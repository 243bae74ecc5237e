// @rest services
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JobQueue } from "../src/job-queue.js";
import { Fleet } from "./fleet.js";
import { type QueueServer, queueServers } from "./servers.js";

/** A worker's ten seconds for its server, and as much as a busy machine may need. */
const PATIENCE = 90_000;

const ended = async (worker: ChildProcess) => {
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, "exit");
  return worker.exitCode;
};

describe.each(queueServers)("a worker that is told to stop while its %s is gone", (name, start) => {
  let server: QueueServer;
  let fleet: Fleet;
  beforeEach(async () => {
    server = await start();
    fleet = await Fleet.of(server.address);
  }, PATIENCE);
  afterEach(async () => {
    await fleet?.end();
    await server?.stop();
  });
  const heard = (type: string) => fleet.events.filter((event) => event.type === type);
  const said = () => fleet.events.map(({ type }) => type).join("\n");

  /** A worker in the middle of a training whose server is killed. */
  async function robbed(...options: string[]): Promise<ChildProcess> {
    const queue = await JobQueue.open(server.address);
    await queue.submit(fleet.training("long", 50_000), { id: "long" });
    const worker = fleet.start(...options);
    const trained = async () => {
      const progress = (await queue.get("long"))?.progress;
      return progress?.phase === "train" ? progress.done : 0;
    };
    await expect.poll(trained, { timeout: PATIENCE }).toBeGreaterThan(30);
    await queue.close();
    await server.kill();
    return worker;
  }

  async function takesOver(): Promise<void> {
    fleet.start();
    const again = () => heard("begin").at(-1);
    await expect.poll(() => again()?.resumedAfter ?? 0, { timeout: PATIENCE }).toBeGreaterThan(0);
  }

  it("ends where it has no job", { timeout: PATIENCE }, async () => {
    const worker = fleet.start();
    await expect.poll(() => heard("ready").length, { timeout: PATIENCE }).toBe(1);
    await server.kill();
    worker.kill("SIGTERM");
    expect(await ended(worker)).toBe(0);
  });

  it("says what it leaves, which another goes on with", { timeout: 3 * PATIENCE }, async () => {
    const worker = await robbed();
    worker.kill("SIGTERM");
    expect(await ended(worker)).toBe(1);
    expect(said()).toMatch(
      /has not answered within 10 seconds, so long could not be handed back: it continues from its/,
    );
    expect(heard("handed back")).toEqual([]);
    await server.run();
    await takesOver();
  });

  it("hands back where the server comes again in time", { timeout: 3 * PATIENCE }, async () => {
    // A lock that has run out is no longer this worker's to hand back.
    const worker = await robbed("--lock-seconds", "60");
    worker.kill("SIGTERM");
    await sleep(1_500);
    await server.run();
    expect(await ended(worker)).toBe(0);
    expect(heard("handed back")).toHaveLength(1);
    const queue = await JobQueue.open(server.address);
    expect(await queue.get("long")).toMatchObject({ state: "waiting", error: null });
    await queue.close();
    await takesOver();
  });

  it("ends at once when it is told again", { timeout: 2 * PATIENCE }, async () => {
    const worker = await robbed();
    worker.kill("SIGTERM");
    await sleep(200);
    worker.kill("SIGINT");
    // By the signal; by itself, after ten seconds, it ends with another code.
    expect(await ended(worker)).toBe(130);
  });

  // PostgreSQL answers by processes of its own, each of which would have to hang.
  if (name === "Redis")
    it("ends where the server hangs", { timeout: 2 * PATIENCE }, async () => {
      const worker = fleet.start();
      await expect.poll(() => heard("ready").length, { timeout: PATIENCE }).toBe(1);
      server.process.kill("SIGSTOP");
      worker.kill("SIGTERM");
      expect(await ended(worker)).toBe(0);
    });
});
