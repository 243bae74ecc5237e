// @rest kills
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fixture, makeFixture, shortRun } from "../../cli/fixture.js";
import { lowrankProcess } from "../../cli/process.js";

/** Kills of each kind; scripts/fuzz/kills.mjs asks for more. */
const COUNT = Number(process.env["LOWRANK_KILLS"] ?? 2);
const STEPS = 110;

let fixture: Fixture;
/** What the run gives that nobody disturbs. */
let whole: Results;

beforeAll(async () => {
  fixture = await makeFixture();
  expect((await begin("whole")).code).toBe(0);
  whole = resultsOf("whole");
});
afterAll(() => fixture.remove());

/** Kills a process when it thinks fit; told of it with no text at the start, then of all its output so far. */
type Kill = (text: string, child: ChildProcess) => void;

const begin = (out: string, kill?: Kill) => lowrankProcess(args(out), fixture.folder, kill);
const resume = (out: string, kill?: Kill) => lowrankProcess(["finetune", "--resume", out], fixture.folder, kill);
const args = (out: string) => [...shortRun(fixture, out, STEPS), "--no-baseline", "--threads", "1", "--dropout", "0.1"];

type Results = ReturnType<typeof resultsOf>;

function resultsOf(out: string) {
  const report = JSON.parse(readFileSync(fixture.path(out, "report.json"), "utf8"));
  const files = ["adapter_model.safetensors", "adapter_config.json", "head.safetensors", "labels.json"];
  return {
    names: readdirSync(fixture.path(out)).sort(),
    files: files.map((name) => readFileSync(fixture.path(out, name)).toString("base64")),
    result: report.result,
    steps: report.steps.map(({ milliseconds: _, ...record }: { milliseconds: number }) => record),
  };
}

/** Kills a run again and again, each time otherwise, until one is left to end; it must give what an undisturbed one gives. */
async function survive(out: string, kills: readonly Kill[]): Promise<void> {
  let killed = 0;
  for (const kill of [...kills, () => {}]) {
    const resumable = existsSync(fixture.path(out, "checkpoint.safetensors"));
    const { code, signal, err } = await (resumable ? resume(out, kill) : begin(out, kill));
    if (signal === "SIGKILL") {
      killed++;
      continue;
    }
    expect({ code, err }).toEqual({ code: 0, err: "" });
    break;
  }
  expect(killed).toBeGreaterThan(0);
  expect(resultsOf(out)).toEqual(whole);
}

describe("kill -9", () => {
  it.each(Array.from({ length: COUNT }, (_, i) => i))("at any moment (%i) costs no bit of the result", async (i) => {
    /** Some time after a line that says how far the run is. */
    const after = (step: number, milliseconds: number) => (text: string, child: ChildProcess) => {
      const done = Number(/train +(\d+)\/\d+[^\n]*\n$/.exec(text)?.[1] ?? 0);
      if (done >= step) setTimeout(() => child.kill("SIGKILL"), milliseconds);
    };
    const steps = Array.from({ length: 4 }, () => Math.floor(0.8 * STEPS * Math.random())).sort((a, b) => a - b);
    await survive(
      `moment-${i}`,
      steps.map((step) => after(step, 10 * Math.random())),
    );
  });

  it.each(Array.from({ length: COUNT }, (_, i) => i))(
    "in the middle of writing (%i) costs no bit either",
    async (i) => {
      const out = `writing-${i}`;
      mkdirSync(fixture.path(out));
      /** Kills where the folder has changed so many times: a lock, lines of the history, parts, renames. */
      const afterChanges = (count: number) => (text: string, child: ChildProcess) => {
        if (text !== "") return;
        let seen = 0;
        const watcher = watch(fixture.path(out), () => {
          if (++seen >= count) child.kill("SIGKILL");
        });
        child.once("exit", () => watcher.close());
      };
      const changes = Array.from({ length: 3 }, () => 4 + Math.floor(20 * Math.random()));
      await survive(out, [afterChanges(3 + i), ...changes.map(afterChanges)]);
    },
  );
});
