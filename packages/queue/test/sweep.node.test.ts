// @rest services
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Workers } from "../../../scripts/queue/workers.mjs";
import { Postgres } from "../../../scripts/servers/postgres.mjs";
import { Redis } from "../../../scripts/servers/redis.mjs";
import { JobQueue, type SweepReport } from "../src/index.js";
import { project } from "../../../test/cli/fixture.js";
import { Fleet } from "./fleet.js";

let redis: Redis;
let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  redis = await Redis.start();
  fleet = await Fleet.of(redis.address);
  folder = await mkdtemp(join(tmpdir(), "lowrank-sweep-"));
});
afterAll(async () => {
  await fleet?.end();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Six settings of 32 steps on the tiny model. */
function args(out: string, ...more: string[]): string[] {
  const { model, data } = fleet.fixture;
  const held = ["--validation-split", "0.3", "--test-split", "0", "--evaluate-every", "8"];
  const settings = ["--steps", "32", "--batch-size", "4", "--build", "simd", "--threads", "1", "--recipe", "peft"];
  const grid = ["--grid", "learning-rate=0.001,0.01,0.05", "--grid", "rank=2,4"];
  const files = ["--model", model, "--data", data, "--out", join(folder, out)];
  return ["dist/cli.js", "sweep", "--json", ...files, ...held, ...settings, ...grid, ...more];
}

const run = async (out: string, ...more: string[]) => {
  const { stdout } = await promisify(execFile)("node", args(out, ...more), { cwd: project });
  return JSON.parse(stdout) as SweepReport;
};

/** A sweep that will be interrupted. */
function begin(...given: Parameters<typeof args>) {
  const sweep = spawn("node", args(...given), { cwd: project, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  sweep.stderr.on("data", (chunk) => (text += String(chunk)));
  return {
    /** Until it has said lines that fit. */
    said: (fits: RegExp) => expect.poll(() => text, { timeout: 150_000 }).toMatch(fits),
    halt: () => sweep.kill("SIGSTOP"),
    kill: async () => {
      sweep.kill("SIGKILL");
      await once(sweep, "exit");
    },
  };
}

it("goes on after a kill, keeps the best, and has the losses of trainings in full", { timeout: 300_000 }, async () => {
  const killed = begin("halved");
  await killed.said(/(after \d+ steps[^]*){3}/);
  killed.halt();
  const other = (await run("halved").catch((thrown: unknown) => thrown)) as { stderr: string };
  expect(other.stderr).toMatch(/halved is in use: process \d+/);
  await killed.kill();
  const halved = await run("halved");
  const full = await run("full", "--eta", "1");
  expect(halved.rungs).toEqual([
    { until: 8, settings: 6 },
    { until: 16, settings: 3 },
    { until: 32, settings: 2 },
  ]);
  expect(full.steps).toBe(6 * 32);
  // A stage may go on for some steps while it is being stopped.
  expect(halved.steps).toBeLessThan(full.steps);
  const [first, runnerUp, ...stopped] = halved.results;
  expect([first!.steps, runnerUp!.steps]).toEqual([32, 32]);
  expect(stopped.map(({ steps }) => steps)).toEqual([16, 8, 8, 8]);
  for (const { index, loss, trials } of [first!, runnerUp!]) {
    expect(full.results.find((result) => result.index === index)!.loss).toBe(loss);
    const adapter = (sweep: string) =>
      readFileSync(join(folder, sweep, "trials", trials[0]!, "adapter_model.safetensors"));
    expect(Buffer.compare(adapter("halved"), adapter("full"))).toBe(0);
  }
  const picture = readFileSync(join(folder, "halved/sweep.svg"), "utf8");
  expect(picture.match(/<circle /g)).toHaveLength(6);
  // Nothing is trained again, and another sweep is not mixed in.
  expect(await run("halved")).toEqual(halved);
  const error: unknown = await run("halved", "--seeds", "1").catch((thrown: unknown) => thrown);
  expect((error as { stderr: string }).stderr).toContain("has a sweep with other options");
});

it("through a queue, workers find the same, and go on while nobody waits", { timeout: 300_000 }, async () => {
  const queued = ["--queue", redis.address];
  const interrupted = begin("queued", ...queued);
  await interrupted.said(/6 settings/);
  fleet.start();
  fleet.start();
  await interrupted.said(/after \d+ steps/);
  await interrupted.kill();
  const queue = await JobQueue.open(redis.address);
  const lastStage = async () => (await queue.list()).find(({ id }) => id.endsWith("stage-3"))?.state;
  await expect.poll(lastStage, { timeout: 150_000 }).toBe("completed");
  const jobs = (await queue.list()).length;
  const [there, here] = [await run("queued", ...queued), await run("here")];
  expect(there.results).toEqual(here.results);
  // Whoever came back has found everything done.
  expect(await queue.list()).toHaveLength(jobs);
  await queue.close();
  const adapter = (path: string) => readFileSync(join(folder, path, "adapter_model.safetensors"));
  const [name] = here.results[0]!.trials;
  expect(Buffer.compare(adapter(`queued/trials/${name}/result`), adapter(`here/trials/${name}`))).toBe(0);
});

it("on PostgreSQL too, and begins again what the queue has lost", { timeout: 300_000 }, async () => {
  const postgres = await Postgres.start();
  const workers = new Workers(postgres.address);
  try {
    const queued = ["--queue", postgres.address];
    const interrupted = begin("lost", ...queued);
    workers.start();
    await interrupted.said(/3 settings[^]*after \d+ steps/);
    await interrupted.kill();
    await workers.stop();
    const queue = await JobQueue.open(postgres.address);
    for (const { id } of await queue.list()) await queue.cancel(id);
    await queue.close();
    const elsewhere = ["--queue", postgres.address, "--queue-name", "elsewhere"];
    workers.start("--queue-name", "elsewhere");
    const [there, here] = [await run("lost", ...elsewhere), await run("here")];
    expect(there.results).toEqual(here.results);
  } finally {
    await workers.stop("SIGKILL");
    await postgres.stop();
  }
});
