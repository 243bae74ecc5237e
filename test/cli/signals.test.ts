// @needs linux
// @rest kills
import { type ChildProcess, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { examples, type Fixture, lowrank, makeFixture, shortRun } from "./fixture.js";
import { lowrankProcess, program, runProcess } from "./process.js";

let fixture: Fixture;
let many: string;
beforeAll(async () => {
  fixture = await makeFixture();
  expect((await lowrank([...shortRun(fixture, fixture.path("run")), "--no-baseline"])).code).toBe(0);
  many = fixture.path("many.csv");
  const rows = Array.from({ length: 4_000 }, (_, i) => examples[i % examples.length]!);
  // Each its own: the same texts to learn from and to test on would be refused.
  await writeFile(many, `text,label\n${rows.map(({ text, label }, i) => `"${text} ${i}",${label}\n`).join("")}`);
});
afterAll(() => fixture.remove());

/** Every command that works for a while, on the large file where it takes one. `{name}` is a path in the fixture's folder. */
const commands: Record<string, string> = {
  finetune: "finetune --model {model} --data {many.csv} --out {new} --steps 400",
  embed: "embed --model {model} --file {many.csv} --text text --out {v.npy}",
  predict: "predict --run {run} --file {many.csv} --text text",
  evaluate: "evaluate --run {run} --data {many.csv}",
  merge: "merge {run} --out {merged}",
  bench: "bench --seconds 0.05",
};
const argsOf = (line: string) =>
  line.split(" ").map((word) => word.replace(/\{([^}]+)\}/, (_, name: string) => fixture.path(name)));

/** Once a process has begun to work and then done nothing for a while: it waits for its input. */
async function whenWaiting(pid: number): Promise<void> {
  // A second without a tick, after those that a program takes to start.
  for (let quiet = 0, before = 0; quiet < 20;) {
    await new Promise((after) => setTimeout(after, 50));
    // Behind the program's name: state, and as the 12th and 13th after it the ticks it has run.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    quiet = fields[0] === "S" && ticks === before && ticks >= 8 ? quiet + 1 : 0;
    before = ticks;
  }
}

describe("an interruption", () => {
  it.each(Object.keys(commands))("that came before stops %s, which leaves nothing", async (name) => {
    const before = readdirSync(fixture.folder);
    const { code, out, err } = await lowrank(argsOf(commands[name]!), { signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(out).toBe("");
    expect(err).toMatch(/^interrupted\n$|^Stopped before training began; nothing was written\.\n$/);
    expect(readdirSync(fixture.folder)).toEqual(before);
  });

  it.each([/^encode test +\d/m, /^encode train +\d/m, /^head only +\d/m])(
    "in the middle of finetune's work before training (%s) leaves a run to go on with",
    async (moment) => {
      const interrupt = new AbortController();
      const onOutput = (text: string) => moment.test(text) && interrupt.abort();
      const { code, err } = await lowrank(argsOf(commands["finetune"]!), { signal: interrupt.signal, onOutput });
      expect(code).toBe(130);
      expect(err).toMatch(
        /Stopped before the first checkpoint; .*To start it again:\n +lowrank finetune --resume .*new\n$/,
      );
      expect(readdirSync(fixture.path("new"))).toEqual(["run.json"]);
      expect((await lowrank(["finetune", "--resume", fixture.path("new"), "--steps", "3"])).err).toMatch(
        /got --steps 3, the run has 400; omit the option/,
      );
      await rm(fixture.path("new"), { recursive: true });
    },
  );

  it.each([
    ["embed", /embed [^\n]*░/],
    ["predict", /predict [^\n]*░/],
    ["evaluate", /evaluate [^\n]*░/],
    ["merge", /merge [^\n]*░/],
  ])("in the middle of %s's work (%s) stops it, which leaves nothing", async (name, moment) => {
    const before = readdirSync(fixture.folder);
    const interrupt = new AbortController();
    const onOutput = (text: string) => moment.test(text) && interrupt.abort();
    const { code } = await lowrank(argsOf(commands[name]!), { signal: interrupt.signal, onOutput, isTTY: true });
    expect(code).toBe(130);
    expect(readdirSync(fixture.folder)).toEqual(before);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("by %s, whenever it comes, is heard by every command", async (signal) => {
    const before = readdirSync(fixture.folder);
    const outcomes = Object.values(commands).map(async (line, i) => {
      const kill = (text: string, child: ChildProcess) =>
        void (text === "" && setTimeout(() => child.kill(signal), 450 + 60 * i));
      return [line, await lowrankProcess(argsOf(line), fixture.folder, kill)] as const;
    });
    for (const [line, { code, err }] of await Promise.all(outcomes)) {
      // A signal that comes before the program has begun to listen ends it by itself; a command may be done before it comes.
      expect([0, 130, -1], `${line}: ${err}`).toContain(code);
      expect(err).not.toMatch(/error|\n +at /);
    }
    // Whole results of what was done before, and nothing else.
    for (const name of ["merged", "v.npy", "new"]) await rm(fixture.path(name), { recursive: true, force: true });
    expect(readdirSync(fixture.folder)).toEqual(before);
  });

  it.each(["predict --run run --file idle", "evaluate --run run --data /dev/stdin"])(
    "is heard while a pipe has nothing to say (%s)",
    async (line) => {
      execFileSync("mkfifo", [fixture.path("idle")]);
      onTestFinished(() => rm(fixture.path("idle")));
      // Opened for both, its reader waits for a writer that is itself.
      const script = `exec "$0" "$1" ${line} ${line.includes("stdin") ? "0<>idle" : ""}`;
      const outcome = await runProcess(
        ["bash", "-c", script, process.execPath, program],
        fixture.folder,
        (text, child) => {
          if (text === "") void whenWaiting(child.pid!).then(() => child.kill("SIGINT"));
        },
      );
      expect(outcome).toMatchObject({ code: 130, out: "", signal: null });
    },
  );

  it("stops a download, which leaves nothing", async () => {
    // A hub that takes the question and never answers.
    const asked: (() => void)[] = [];
    const hub = createServer(() => asked.forEach((tell) => tell()));
    await new Promise<void>((ready) => hub.listen(0, "127.0.0.1", ready));
    onTestFinished(() => void (hub.closeAllConnections(), hub.close()));
    const environment = {
      HF_ENDPOINT: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`,
      LOWRANK_CACHE: fixture.path("cache"),
    };
    const script = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const outcome = await runProcess(
      ["env", ...script, process.execPath, program, "embed", "--model", "lab/model", "text"],
      fixture.folder,
      (text, child) => text === "" && asked.push(() => child.kill("SIGINT")),
    );
    expect(outcome).toMatchObject({ code: 130, out: "", err: "interrupted\n" });
    expect(readdirSync(fixture.folder)).not.toContain("cache");
  });
});

describe("an output that takes no more", () => {
  const shell = (script: string) => runProcess(["bash", "-c", script, process.execPath, program], fixture.folder);
  /** The program, as the script calls it. */
  const lowrankCall = '"$0" "$1"';

  it.each([
    ["predict --run run --file many.csv", "head -n 1"],
    ["predict --run run --file many.csv --json", "head -n 1"],
    ["embed --model model --normalize --file many.csv --text text", "head -n 1"],
    ["embed --model model --normalize --file many.csv --text text", "true"],
    ["finetune --help", "true"],
    ["inspect run", "true"],
  ])("because nobody reads it (%s | %s) is quiet", async (line, reader) => {
    const saved = `2> errors.txt | ${reader}; echo "\${PIPESTATUS[0]}"; cat errors.txt >&2; rm errors.txt`;
    const { out, err } = await shell(`${lowrankCall} ${line} ${saved}`);
    expect(out.trimEnd().split("\n").at(-1)).toBe("0");
    expect(err).toBe("");
  });

  it("is quiet on the error stream too", async () => {
    const { out, err } = await shell(
      `${lowrankCall} embed --model model --normalize --file many.csv --text text 2>&1 | head -n 1 | cut -c 1-9`,
    );
    expect(out).toBe('{"text":"\n');
    expect(err).toBe("");
  });

  it("stops a run, which keeps its checkpoint and says so", async () => {
    const args = "finetune --model model --data many.csv --steps 100000 --no-baseline --out piped";
    const { out, err } = await shell(`${lowrankCall} ${args} | grep -m 1 '^train  '`);
    expect(out).toMatch(/^train +\d+\/100000/);
    // On a slow machine a line before it says that the run will take long.
    expect(err).toMatch(
      /^(this run will take .*\n)?Stopped after step \d+; the checkpoint is in piped\. To continue:\n.*--resume piped\n$/,
    );
    expect(readdirSync(fixture.path("piped")).sort()).toEqual([
      "checkpoint.history.jsonl",
      "checkpoint.safetensors",
      "run.json",
    ]);
  });

  it("because the disk is full is an error", async () => {
    for (const line of [
      "predict --run run --file many.csv",
      "embed --model model --normalize text",
      "inspect run",
      "doctor --json",
    ]) {
      const { code, err } = await shell(`${lowrankCall} ${line} > /dev/full`);
      expect({ line, code, err }).toEqual({ line, code: 1, err: "error: ENOSPC: no space left on device, write\n" });
    }
  });
});
