import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { isLock } from "../../ts/training/node/run-lock.js";
import { type Fixture, interruptedRun, lowrank, makeFixture, type Outcome, shortRun } from "./fixture.js";
import { lowrankProcess, program, runProcess } from "./process.js";

let fixture: Fixture;
/** Folder of a run that was interrupted. */
let halves: string;

beforeAll(async () => {
  fixture = await makeFixture();
  halves = await interruptedRun(fixture, 40, 6, ["--no-baseline"]);
});
afterAll(() => fixture.remove());

const results = ["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"];
const finished = [...results, "loss.svg", "report.json"];
const inUse = /is in use: process \d+ of \S+ uses it, since 20/;
/** A lock of a machine that nobody knows here. */
const foreign = "run-000000000000-1-1-1-00000000.lock";

/** Starts a program in a pid namespace, as a container does; nothing where users may not make one: then all processes are of one. */
const container: readonly string[] =
  [[], ["--user", "--map-root-user"]]
    .map((user) => ["unshare", ...user, "--pid", "--fork", "--mount-proc", "--kill-child"])
    .find(([file, ...options]) => spawnSync(file!, [...options, "true"]).status === 0) ?? [];

/** The program that other programs have started for it; it itself if it has started none. */
function innermost(pid: number): number {
  const path = `/proc/${pid}/task/${pid}/children`;
  const child = existsSync(path) ? parseInt(readFileSync(path, "utf8")) : NaN;
  return Number.isNaN(child) ? pid : innermost(child);
}

async function copyOf(name: string): Promise<string> {
  await cp(halves, fixture.path(name), { recursive: true });
  return fixture.path(name);
}

/** Of runs that were after one folder, one is done and the others say that it is in use, or whatever `says` is. */
function expectOne(outcomes: readonly Outcome[], says = inUse): void {
  expect(outcomes.map(({ code }) => code).sort()).toEqual([0, ...outcomes.slice(1).map(() => 1)]);
  for (const { code, err } of outcomes) if (code !== 0) expect(err).toMatch(says);
}

describe("a run's folder", () => {
  it("is one run's: of two that begin at once, one trains", async () => {
    const out = fixture.path("once");
    const outcomes = await Promise.all([lowrank(shortRun(fixture, out)), lowrank(shortRun(fixture, out))]);
    expectOne(outcomes);
    expect(readdirSync(out).sort()).toEqual(finished);
  });

  it("is one process's, however many begin at once", async () => {
    const args = [...shortRun(fixture, "many", 200), "--no-baseline", "--threads", "1"];
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => lowrankProcess(args, fixture.folder)));
    // On a busy machine, one may come when another is done.
    expectOne(outcomes, /is in use: process|already has a finished run/);
    expect(readdirSync(fixture.path("many")).sort()).toEqual(finished);
  });

  it("gets another name where several begin in one second", async () => {
    const { model, data } = fixture;
    const args = ["finetune", "--model", model, "--data", data, "--steps", "2", "--no-baseline", "--quiet"];
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => lowrankProcess(args, fixture.folder)));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(outcomes.map(({ out }) => out)).size).toBe(3);
    for (const { out } of outcomes) expect(readdirSync(fixture.path(out.trim())).sort()).toEqual(finished);
  });

  it("is not taken from a run that goes on: neither by --resume nor by --out", async () => {
    const out = fixture.path("busy");
    const others: Promise<Outcome>[] = [];
    const onOutput = (text: string) => {
      if (others.length > 0 || !/train +\d+\/40/.test(text)) return;
      others.push(lowrank(["finetune", "--resume", out]), lowrank(shortRun(fixture, out)));
    };
    expect((await lowrank(shortRun(fixture, out, 40), { onOutput })).code).toBe(0);
    expect(others).toHaveLength(2);
    for (const { code, err } of await Promise.all(others)) {
      expect(err).toMatch(inUse);
      expect(code).toBe(1);
    }
    expect(readdirSync(out).sort()).toEqual(finished);
  });

  it("is resumed once", async () => {
    const run = await copyOf("twice");
    const resume = () => lowrank(["finetune", "--resume", run]);
    expectOne(await Promise.all([resume(), resume(), resume()]));
    expect(readdirSync(run).sort()).toEqual(finished);
  });

  it("is one container's, also while its process is paused, and free in the next one after a kill", async () => {
    const out = fixture.path("contained");
    const inContainer = (...args: string[]) =>
      [...container, process.execPath, program, ...args] as [string, ...string[]];
    const [file, ...args] = inContainer(...shortRun(fixture, out, 400), "--no-baseline", "--threads", "1");
    const outermost = spawn(file, args, { stdio: "ignore" });
    onTestFinished(() => void outermost.kill("SIGKILL"));
    while (!existsSync(`${out}/checkpoint.safetensors`)) await new Promise((done) => setTimeout(done, 5));
    const run = innermost(outermost.pid!);
    process.kill(run, "SIGSTOP");
    const resume = () => runProcess(inContainer("finetune", "--resume", out), fixture.folder);
    for (const { code, err } of [await resume(), await lowrank(["finetune", "--resume", out])]) {
      expect(err).toMatch(/is in use: process \d+ of \S+ uses it, since 20\S+; wait for its end/);
      expect(code).toBe(1);
    }
    process.kill(run, "SIGKILL");
    await once(outermost, "close");
    expect(readdirSync(out).filter(isLock)).not.toEqual([]);
    expect((await lowrank(["inspect", out])).out).toMatch(/was killed/);
    expect(await resume()).toMatchObject({ code: 0 });
    expect(readdirSync(out).sort()).toEqual(finished);
  });

  it("is left to another machine, which cannot be asked; the message says how to go on", async () => {
    const run = await copyOf("foreign");
    await writeFile(`${run}/${foreign}`, '{"host":"elsewhere","process":7,"since":"2001-01-01"}');
    const before = readdirSync(run);
    const { code, err } = await lowrank(["finetune", "--resume", run]);
    expect(code).toBe(1);
    expect(err).toContain(`${run} is in use: process 7 of elsewhere uses it, since 2001-01-01`);
    expect(err).toContain(`if it does not, remove ${run}/${foreign} and try again`);
    expect(readdirSync(run)).toEqual(before);
    await rm(`${run}/${foreign}`);
    expect((await lowrank(["finetune", "--resume", run])).code).toBe(0);
  });

  it("is left to another machine that begins a run in it, too, whatever stands in the lock", async () => {
    for (const content of ["", "null", "{", "7", '{"host":{},"process":"x","since":[]}']) {
      await mkdir(fixture.path("taken"), { recursive: true });
      await writeFile(fixture.path("taken", foreign), content);
      const { code, err } = await lowrank(shortRun(fixture, fixture.path("taken")));
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringMatching(/taken is in use: a process uses it/),
      });
      expect(readdirSync(fixture.path("taken"))).toEqual([foreign]);
    }
  });

  it("is free after an error, and gone where it was made for nothing", async () => {
    const run = await copyOf("broken");
    await writeFile(`${run}/checkpoint.safetensors`, "nothing");
    const before = readdirSync(run);
    expect((await lowrank(["finetune", "--resume", run])).code).toBe(1);
    expect(readdirSync(run)).toEqual(before);
    const bad = [...shortRun(fixture, fixture.path("a", "b", "c")), "--label", "none"];
    expect((await lowrank(bad)).code).toBe(1);
    expect(existsSync(fixture.path("a"))).toBe(false);
    await mkdir(fixture.path("theirs"));
    expect((await lowrank([...shortRun(fixture, fixture.path("theirs")), "--label", "none"])).code).toBe(1);
    expect(readdirSync(fixture.path("theirs"))).toEqual([]);
  });
});
