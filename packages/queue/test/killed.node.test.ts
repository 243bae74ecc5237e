// @rest services
import { existsSync, readdirSync } from "node:fs";
import { appendFile, copyFile, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pseudorandom } from "../../../scripts/queue/pseudorandom.mjs";
import { JobQueue } from "../src/job-queue.js";
import type { Postgres } from "../../../scripts/servers/postgres.mjs";
import { Redis } from "../../../scripts/servers/redis.mjs";
import { Fleet } from "./fleet.js";
import { type QueueServer, queueServers } from "./servers.js";

const JOBS = 6;
const STEPS = 120;

describe.each(queueServers)("a queue on %s", (_name, start) => {
  let server: QueueServer;
  let fleet: Fleet;
  let queue: JobQueue;
  beforeAll(async () => {
    server = await start();
    fleet = await Fleet.of(server.address);
    queue = await JobQueue.open(server.address);
  });
  afterAll(async () => {
    await fleet?.end();
    await queue?.close();
    await server?.stop();
  });
  const state = async (id: string) => (await queue.get(id))?.state;
  const trained = async (id: string) => {
    const progress = (await queue.get(id))?.progress;
    return progress?.phase === "train" ? progress.done : 0;
  };

  it("every job ends once, with the bits of an undisturbed run, whoever is killed", { timeout: 300_000 }, async () => {
    const names = Array.from({ length: JOBS }, (_, i) => `job-${i}`);
    for (const [i, name] of names.entries()) await queue.submit(fleet.training(name, STEPS, i % 2), { id: name });
    fleet.start();
    fleet.start();
    const random = pseudorandom(7);
    for (let kill = 0; kill < 3; kill++) {
      const begun = fleet.events.filter(({ type }) => type === "begin").length;
      await expect.poll(() => fleet.events.filter(({ type }) => type === "begin").length).toBeGreaterThan(begun);
      if (kill === 1 && server instanceof Redis) {
        await server.kill();
        await server.run();
      } else if (kill === 1) (server as Postgres).cutConnections();
      else await fleet.killOne(random);
    }
    await expect.poll(() => Promise.all(names.map(state)), { timeout: 200_000 }).toEqual(names.map(() => "completed"));
    await fleet.stop();
    for (const seed of [0, 1]) {
      const bits = await fleet.undisturbed(STEPS, seed);
      for (const name of names.filter((_, i) => i % 2 === seed))
        expect(Buffer.compare(await fleet.result(name), bits), name).toBe(0);
    }
    for (const name of names) expect(readdirSync(fleet.fixture.path("runs", name))).toEqual(["result"]);
  });

  it(
    "a worker that is told to stop hands its job back, which goes on from its checkpoint",
    { timeout: 120_000 },
    async () => {
      await queue.submit(fleet.training("long", 50_000), { id: "long" });
      fleet.start();
      await expect.poll(() => trained("long"), { timeout: 60_000 }).toBeGreaterThan(30);
      await fleet.stop("SIGTERM");
      expect(await state("long")).toBe("waiting");
      fleet.start();
      const begun = () => fleet.events.findLast(({ type, id }) => type === "begin" && id === "long");
      await expect.poll(() => begun()?.resumedAfter ?? 0).toBeGreaterThan(0);
      expect(await queue.cancel("long")).toBe(true);
      // Whoever has it may die before it hears of that.
      await fleet.stop("SIGKILL");
      fleet.start();
      await expect.poll(() => state("long")).toBe("cancelled");
      expect(existsSync(fleet.fixture.path("runs", "long", "result"))).toBe(false);
      expect((await queue.logs("long")).some((line) => line.includes("handed back"))).toBe(true);
      await fleet.stop();
    },
  );

  it("what cannot go on from its checkpoint, as its data were changed, begins anew", { timeout: 120_000 }, async () => {
    const { spec, out } = fleet.training("changed", 50_000);
    const data = fleet.fixture.path("own.tsv");
    await copyFile(spec.data, data);
    await queue.submit({ spec: { ...spec, data }, out }, { id: "changed" });
    fleet.start();
    await expect.poll(() => trained("changed"), { timeout: 60_000 }).toBeGreaterThan(30);
    await fleet.stop("SIGTERM");
    const [first] = (await readFile(data, "utf8")).split("\n").slice(1);
    await appendFile(data, `${first}\n`);
    fleet.start();
    const anew = /starts again: .*own\.tsv changed since it began/;
    await expect.poll(async () => (await queue.logs("changed")).some((line) => anew.test(line))).toBe(true);
    await expect.poll(() => trained("changed"), { timeout: 30_000 }).toBeGreaterThan(0);
    await queue.cancel("changed");
    await expect.poll(() => state("changed")).toBe("cancelled");
    await fleet.stop();
  });
});
