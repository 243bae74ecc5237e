import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { noDriver, softwareDriver } from "../../engine/webgpu/software-driver.js";
import { project } from "../fixture.js";
import { program } from "../process.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-gpu-"));
  const rows = Array.from({ length: 24 }, (_, i) => `the ${i % 2 === 0 ? "good" : "bad"} end ${i},${i % 2}\n`);
  await writeFile(join(folder, "rows.csv"), `text,label\n${rows.join("")}`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const finetune = (driver: Record<string, string>, out: string) => {
  const model = join(project, "test/golden/encoders/bert");
  const run = ["finetune", "--data", join(folder, "rows.csv"), "--model", model, "--out", join(folder, out)];
  const brief = ["--steps", "2", "--batch-size", "4", "--recipe", "peft", "--no-baseline", "--threads", "1"];
  const args = [program, ...run, ...brief, "--device", "webgpu"];
  return promisify(execFile)(process.execPath, args, { env: { ...process.env, ...driver } });
};

it("trains on the GPU, and says which one it is", async () => {
  const { stdout, stderr } = await finetune(softwareDriver(), "run");
  expect(stdout + stderr).toMatch(/engine +WebGPU on google, swiftshader, .*\(software adapter\)/);
  const report = JSON.parse(await readFile(join(folder, "run/report.json"), "utf8"));
  expect(report.settings.device).toBe("webgpu");
  expect(report.engine).toMatchObject({ device: "webgpu", gpu: expect.stringMatching(/^google, swiftshader/) });
  expect(report.steps).toHaveLength(2);
});

it("says what is missing where there is no adapter, and leaves nothing", async () => {
  await expect(finetune(noDriver, "none")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("error: init: this machine has no adapter for WebGPU"),
  });
  await expect(readFile(join(folder, "none/run.json"))).rejects.toMatchObject({ code: "ENOENT" });
});
