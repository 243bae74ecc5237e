import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Workers } from "../../../scripts/queue/workers.mjs";
import { type Fixture, makeFixture, project } from "../../../test/cli/fixture.js";

/** Workers with the tiny model and a few examples. */
export class Fleet extends Workers {
  private constructor(
    readonly fixture: Fixture,
    address: string,
  ) {
    super(address);
  }

  static async of(address: string): Promise<Fleet> {
    return new Fleet(await makeFixture(), address);
  }

  /** A short training with results to compare. */
  training(name: string, steps: number, seed = 0) {
    const { model, data, path } = this.fixture;
    const settings = { model, data, steps, seed, batchSize: 4, build: "simd" as const, threads: 1 as const };
    return { spec: { ...settings, baseline: false }, out: path("runs", name) };
  }

  async end(): Promise<void> {
    await this.stop("SIGKILL");
    await this.fixture.remove();
  }

  /** A file of a job's result. */
  async result(name: string, file = "adapter_model.safetensors"): Promise<Buffer> {
    return readFile(join(this.fixture.path("runs", name), "result", file));
  }

  /** The adapter of the same training without a queue. */
  async undisturbed(steps: number, seed: number): Promise<Buffer> {
    const { model, data, path } = this.fixture;
    const out = path(`alone-${seed}`);
    const run = [
      "--steps",
      steps,
      "--seed",
      seed,
      "--batch-size",
      4,
      "--build",
      "simd",
      "--threads",
      1,
      "--no-baseline",
    ];
    const args = ["dist/cli.js", "finetune", "--quiet", "--model", model, "--data", data, "--out", out, ...run];
    await promisify(execFile)("node", args.map(String), { cwd: project });
    return readFile(join(out, "adapter_model.safetensors"));
  }
}
