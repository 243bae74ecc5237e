import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fixture, makeFixture, project, shortRun } from "./fixture.js";
import { lowrankProcess, program, runProcess } from "./process.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

const start = (args: readonly string[], watch?: Parameters<typeof lowrankProcess>[2]) =>
  lowrankProcess(args, fixture.folder, watch);

describe("lowrank as a process", () => {
  it("prints version and help", async () => {
    const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
    expect(await start(["--version"])).toMatchObject({ code: 0, out: `${version}\n`, err: "" });
    const help = await start(["finetune", "--help"]);
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toMatch(/Examples:\n +lowrank finetune/);
  });

  it("says that its working folder is gone", async () => {
    const gone = fixture.path("gone");
    for (const command of ["--version", "doctor"]) {
      mkdirSync(gone);
      const script = `rmdir ${JSON.stringify(gone)}; exec "$0" "$@"`;
      const args = [process.execPath, program, command] as const;
      expect(await runProcess(["sh", "-c", script, ...args], gone)).toMatchObject({
        code: 1,
        out: "",
        err: "error: the working folder no longer exists: change to another one, and run this again\n",
      });
    }
  });

  it("stops at Ctrl-C with the checkpoint kept, and goes on to what an uninterrupted run gives", async () => {
    const args = (out: string) => [...shortRun(fixture, out, 400), "--no-baseline", "--threads", "1"];
    const stopped = await start(args("stopped"), (out, child) => {
      if (/train +\d+\/400/.test(out) && !child.killed) child.kill("SIGINT");
    });
    expect(stopped).toMatchObject({ code: 130, signal: null });
    expect(stopped.err).toMatch(
      /Stopped after step \d+; the checkpoint is in stopped\. To continue:\n +node .*cli\.js finetune --resume stopped/,
    );
    // eslint-disable-next-line no-control-regex -- colours and redrawn lines, which a pipe must not get
    expect(stopped.out + stopped.err).not.toMatch(/[\u001b\r]/);
    expect(readdirSync(fixture.path("stopped"))).toEqual([
      "checkpoint.history.jsonl",
      "checkpoint.safetensors",
      "run.json",
    ]);

    const resumed = await start(["finetune", "--resume", "stopped", "--quiet"]);
    expect(resumed).toMatchObject({ code: 0, out: "stopped\n", err: "" });
    expect((await start([...args("whole"), "--quiet"])).code).toBe(0);
    for (const file of ["adapter_model.safetensors", "head.safetensors"]) {
      expect(readFileSync(fixture.path("stopped", file)).equals(readFileSync(fixture.path("whole", file))), file).toBe(
        true,
      );
    }
  });

  it("writes to runs/ where no folder is named, and takes the newest run from there", async () => {
    const { model, data } = fixture;
    const tuned = await start([
      "finetune",
      "--model",
      model,
      "--data",
      data,
      "--steps",
      "2",
      "--no-baseline",
      "--quiet",
    ]);
    expect(tuned.code).toBe(0);
    expect(tuned.out).toMatch(/^runs\/\d{4}-\d\d-\d\d-\d{6}\n$/);
    const predicted = await start(["predict", "--json", "a good film"]);
    expect(predicted.code).toBe(0);
    expect(predicted.err).toMatch(
      /^using runs\/[\d-]+, the newest finished run under runs\/ \(choose another with --run FOLDER\)\n$/,
    );
    expect(JSON.parse(predicted.out)).toMatchObject({ text: "a good film" });
    const merged = await start(["merge", "--out", "merged"]);
    expect(merged.code).toBe(0);
    expect(readdirSync(fixture.path("merged"))).toContain("model.safetensors");
  });

  it("finds the kernels, and all is well", async () => {
    const { code, out } = await start(["doctor"]);
    expect(out).toMatch(/kernels +(simd|relaxed) build, .*self-test passed/);
    expect(code).toBe(0);
  });
});
