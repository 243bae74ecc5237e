import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Fixture, makeFixture, project } from "../cli/fixture.js";

/** Workers as processes of the command line, with the tiny model and a few examples. */
export class Fleet {
  private readonly workers = new Set<ChildProcess>();
  /** What the workers have said, an event a line. */
  readonly events: { readonly type: string; readonly id?: string; readonly resumedAfter?: number | null }[] = [];

  private constructor(
    readonly fixture: Fixture,
    readonly address: string,
  ) {}

  static async of(address: string): Promise<Fleet> {
    return new Fleet(await makeFixture(), address);
  }

  /** A short training with results to compare. */
  training(name: string, steps: number, seed = 0) {
    const { model, data, path } = this.fixture;
    const settings = { model, data, steps, seed, batchSize: 4, build: "simd" as const, threads: 1 as const };
    return { spec: { ...settings, baseline: false }, out: path("runs", name) };
  }

  start(...options: string[]): ChildProcess {
    const args = ["dist/cli.js", "worker", "--queue", this.address, "--build", "simd", "--threads", "1", "--json"];
    const process = spawn("node", [...args, "--lock-seconds", "2", ...options], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.workers.add(process);
    process.on("exit", () => this.workers.delete(process));
    let rest = "";
    process.stdout.on("data", (text: Buffer) => {
      const lines = (rest + text.toString()).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.events.push(JSON.parse(line) as Fleet["events"][number]);
    });
    process.stderr.on("data", (text: Buffer) => this.events.push({ type: text.toString() }));
    return process;
  }

  /** Ends one of the workers as a crash does, and puts another one in its place. */
  async killOne(random: () => number): Promise<void> {
    const all = [...this.workers];
    const victim = all[Math.floor(random() * all.length)]!;
    victim.kill("SIGKILL");
    await once(victim, "exit");
    this.start();
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const all = [...this.workers];
    for (const worker of all) worker.kill(signal);
    const running = all.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(running.map((worker) => once(worker, "exit")));
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
