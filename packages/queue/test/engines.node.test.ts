// @rest services
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Redis } from "../../../scripts/servers/redis.mjs";
import type { RunReport } from "../../../ts/tasks/classify/report.js";
import { JobQueue, type SweepReport } from "../src/index.js";
import { project } from "../../../test/cli/fixture.js";
import { Fleet } from "./fleet.js";

let server: Redis;
let fleet: Fleet;
let queue: JobQueue;
beforeAll(async () => {
  server = await Redis.start();
  fleet = await Fleet.of(server.address);
  queue = await JobQueue.open(server.address);
});
afterAll(async () => {
  await fleet?.end();
  await queue?.close();
  await server?.stop();
});

const STEPS = 6;
const ends = (id: string) => expect.poll(async () => (await queue.get(id))?.state, { timeout: 60_000 });
const engineIn = async (folder: string) => {
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as RunReport;
  return report.engine;
};
const engineOf = (name: string) => engineIn(fleet.fixture.path("runs", name, "result"));
const lowrank = (...args: readonly unknown[]) =>
  promisify(execFile)("node", ["dist/cli.js", ...args].map(String), { cwd: project });
const said = async (id: string, words: RegExp) => (await queue.logs(id)).some((line) => words.test(line));

it("a job has the engine that its spec asks for, whatever its worker was started with", async () => {
  const engines = [
    { build: "simd", threads: 1 },
    { build: "simd", threads: 2 },
    { build: "relaxed", threads: 1 },
    { build: "simd", threads: 1 },
  ] as const;
  fleet.start("--build", "auto", "--threads", "2");
  for (const [i, engine] of engines.entries()) {
    const { spec, out } = fleet.training(`own-${i}`, STEPS, i);
    await queue.submit({ spec: { ...spec, ...engine }, out }, { id: `own-${i}`, attempts: 1 });
  }
  for (const [i, { build, threads }] of engines.entries()) {
    await ends(`own-${i}`).toBe("completed");
    expect(await engineOf(`own-${i}`)).toMatchObject({ build, threads });
    expect(await said(`own-${i}`, new RegExp(`started \\(build ${build}, ${threads} thread`))).toBe(true);
  }
  await fleet.stop();
  expect(Buffer.compare(await fleet.result("own-3"), await fleet.undisturbed(STEPS, 3))).toBe(0);
});

it("where spec and worker say nothing it is the engine of `finetune`, and the adapter has its bits", async () => {
  const { model, data, path } = fleet.fixture;
  const out = path("finetuned");
  const run = ["--model", model, "--data", data, "--out", out, "--steps", STEPS, "--batch-size", 4, "--no-baseline"];
  await lowrank("finetune", "--quiet", ...run);
  const spec = { model, data, steps: STEPS, batchSize: 4, baseline: false };
  await queue.submit({ spec, out: path("runs", "plain") }, { id: "plain" });
  fleet.startPlain();
  await ends("plain").toBe("completed");
  await fleet.stop();
  const { build, threads } = await engineIn(out);
  expect(await engineOf("plain")).toMatchObject({ build, threads });
  const finetuned = await readFile(join(out, "adapter_model.safetensors"));
  expect(Buffer.compare(await fleet.result("plain"), finetuned)).toBe(0);
});

it("a sweep has the engine that its options ask for, here and through workers of another", async () => {
  const { model, data, path } = fleet.fixture;
  const given = ["--model", model, "--data", data, "--steps", 4, "--batch-size", 4, "--validation-split", 0.3];
  const sweep = async (...more: readonly unknown[]) => {
    const { stdout } = await lowrank("sweep", "--json", ...given, "--test-split", 0, "--grid", "rank=2", ...more);
    return (JSON.parse(stdout) as SweepReport).results[0]!.trials[0]!;
  };
  const here = await sweep("--threads", 1, "--out", path("here"));
  const { build } = await engineIn(path("finetuned"));
  expect(await engineIn(path("here/trials", here))).toMatchObject({ build, threads: 1 });
  fleet.start("--build", "simd", "--threads", "2");
  const through = ["--queue", server.address, "--build", "relaxed", "--threads", 1];
  const there = await sweep(...through, "--out", path("there"));
  await fleet.stop();
  expect(await engineIn(path("there/trials", there, "result"))).toMatchObject({ build: "relaxed", threads: 1 });
});

// Where a processor's vectors can be kept from V8.
if (process.arch === "x64")
  it("a worker that cannot run the engine leaves the job to one that can", { timeout: 120_000 }, async () => {
    await queue.submit(fleet.training("left", STEPS, 1), { id: "left", attempts: 1 });
    fleet.startNode(["--no-enable-sse4-1"]);
    const why = /handed back: the spec needs build "simd" and 1 thread, which this machine cannot run: .*SIMD/;
    await expect.poll(() => said("left", why)).toBe(true);
    await fleet.stop();
    fleet.start();
    await ends("left").toBe("completed");
    await fleet.stop();
    expect(Buffer.compare(await fleet.result("left"), await fleet.undisturbed(STEPS, 1))).toBe(0);
  });
