// @rest kills
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createEngine, type Engine, type FileMap, SentenceEncoder } from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { ExampleFolder } from "./example-folder.js";
import { classifierFiles, expected } from "./tenants.js";

const TENANTS = 60;

let folder: ExampleFolder;
let engine: Engine;
let encoder: SentenceEncoder;
let classifiers: FileMap[];
const places = { model: "", tenants: "", jobs: "" };

beforeAll(async () => {
  folder = new ExampleFolder("node-server");
  // Its scripts put a server of either kind under load.
  folder.add("edge-worker");
  for (const name of ["model", "tenants", "jobs"] as const) places[name] = join(folder.folder, name);
  engine = await createEngine({ build: "simd", threads: 1 });
  const model = await tinyEncoder();
  write(places.model, model);
  encoder = await SentenceEncoder.load(model, { engine });
  classifiers = Array.from({ length: TENANTS }, (_, i) => classifierFiles(encoder, i));
  classifiers.forEach((files, i) => {
    write(join(places.tenants, `tenant-${i}/v1`), files);
    writeFileSync(join(places.tenants, `tenant-${i}/current`), "v1\n");
  });
  // What a name may not lead to.
  write(join(folder.folder, "secret/v1"), classifiers[0]!);
});
afterAll(async () => {
  encoder.dispose();
  await engine.close();
  rmSync(folder.folder, { recursive: true });
});

function write(place: string, files: FileMap) {
  mkdirSync(place, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(place, name), bytes);
}

let child: ChildProcess;
let url: string;

/** The example as its user starts it. */
async function start() {
  const { model: MODEL, tenants: TENANTS, jobs: JOBS } = places;
  const env = { ...process.env, NODE_OPTIONS: "", MODEL, TENANTS, JOBS, PORT: "0", BUILD: "simd", THREADS: "1" };
  child = spawn(process.execPath, ["src/main.js"], { cwd: folder.example, env, stdio: ["ignore", "pipe", "inherit"] });
  // Read to its end: a program whose output nobody takes is ended by it.
  url = await new Promise((resolve, reject) => {
    child.stdout!.on("data", (line) => {
      const found = /listening on (\S+)/.exec(String(line));
      if (found !== null) resolve(found[1]!);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

async function stop(signal: NodeJS.Signals = "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, "exit");
  child.kill(signal);
  return (await ended)[0] as number | null;
}

beforeEach(start);
afterEach(() => stop("SIGKILL"));

const post = (path: string, body: unknown, init: RequestInit = {}) =>
  fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
/** A job with a setting as it stands in JSON. */
const settingOf = (name: string, json: string) =>
  `{"tenant":"a","version":"v1","examples":${JSON.stringify(examples)},"settings":{"${name}":${json}}}`;
const health = async () => (await fetch(`${url}/health`)).json();

describe("adapters", () => {
  it("under load of sixty tenants: no wrong answer", { timeout: 300_000 }, async () => {
    const { load } = await folder.import("../edge-worker/load.mjs");
    const ask = (tenant: number, texts: string[]) => expected(encoder, classifiers[tenant]!, texts);
    const result = await load(url, { tenants: TENANTS, requests: 600, atOnce: 24, expect: ask });
    expect([result.wrong, [...result.refused], result.answered]).toEqual([[], [], 600]);
    expect(await health()).toMatchObject({ status: "ok", requests: 0, waiting: 0, adapters: TENANTS });
  });

  it("the script that measures it under load finds no wrong answer, and ends the server in order", () => {
    const program = ["load.mjs", "--model", places.model, "--tenants", "9", "--requests", "100", "--at-once", "8"];
    const env = { ...process.env, NODE_OPTIONS: "", BUILD: "simd", THREADS: "1" };
    const printed = execFileSync(process.execPath, program, { cwd: folder.example, env, encoding: "utf8" });
    expect(printed).toMatch(/^encoder loaded: \d+\.\d MB, 0 adapters of 0\.0 MB in it$/m);
    expect(printed).toMatch(/^100 answers of 9 tenants, 0 wrong, \d+ a second$/m);
    expect(printed).toMatch(/^end: \d+\.\d MB, 9 adapters of [\d.]+ MB in it$/m);
    expect(printed).toMatch(/^the server ended with 0$/m);
  });

  it("hostile requests are refused, and leave a server that works", async () => {
    const cases: [() => Promise<Response>, number][] = [
      [() => post("/classify", "{"), 400],
      [() => post("/classify", { tenant: "../secret", version: "v1", texts: ["a"] }), 422],
      [() => post("/classify", { tenant: "..", version: "secret", texts: ["a"] }), 422],
      [() => post("/classify", { tenant: "tenant-1", version: "../../secret/v1", texts: ["a"] }), 422],
      [() => post("/classify", { tenant: "tenant-1", version: "current", texts: ["a"] }), 404],
      [() => post("/classify", { tenant: "secret", texts: ["a"] }), 404],
      [() => post("/classify", "x".repeat(2 ** 20)), 413],
      [() => post("/classify", { tenant: 1, texts: ["a"] }), 422],
      [() => fetch(`${url}/classify`), 405],
      [() => fetch(`${url}/../../etc/passwd`), 404],
      [() => post("/jobs", { tenant: "../x", version: "v1", examples }), 422],
      [() => post("/jobs", { tenant: "a", version: "v1", examples, settings: { model: "/etc" } }), 422],
      [() => post("/jobs", { tenant: "a", version: "v1", examples: [{ text: "a" }, {}] }), 422],
      [() => post("/jobs", { tenant: "tenant-1", version: "v1", examples }), 409],
      // The name of the file that names the current version: a folder of that name would be in its way for ever.
      [() => post("/jobs", { tenant: "a", version: "current", examples }), 422],
      [() => post("/jobs", { tenant: "a", version: "v1", examples, settings: { steps: [3] } }), 422],
      [() => post("/jobs", settingOf("steps", "[".repeat(200_000) + "]".repeat(200_000))), 422],
      [() => post("/jobs", settingOf("learningRate", "[".repeat(200_000) + "]".repeat(200_000))), 422],
      [() => post("/jobs", settingOf("recipe", JSON.stringify("x".repeat(15 * 2 ** 20)))), 422],
      [() => post("/jobs", settingOf("recipe", JSON.stringify("x".repeat(17 * 2 ** 20)))), 413],
      [() => fetch(`${url}/jobs/../tenants`), 404],
      [() => fetch(`${url}/jobs/%2e%2e%2fsecret`), 404],
      [() => fetch(`${url}/jobs/00000000-0000-0000-0000-000000000000/events`), 404],
    ];
    for (const [ask, status] of cases) {
      const response = await ask();
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ status, code: expect.stringMatching(/^[A-Z_]+$/) });
    }
    const { hostname, port } = new URL(url);
    const traced = request(url, { method: "TRACE" }).end();
    expect((await once(traced, "response"))[0].statusCode).toBe(405);
    // Half a body, then nothing, or a closed connection; and bytes that are no HTTP.
    const sockets = ["", "half", "no http"].map((kind) => {
      const socket = connect(Number(port), hostname).on("error", () => undefined);
      const head =
        "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
      socket.write(kind === "no http" ? "\u0000\u0001\r\n\r\n" : head, () => kind === "" && socket.destroy());
      return socket;
    });
    const abort = new AbortController();
    const texts = Array.from({ length: 64 }, () => "good film ".repeat(100));
    const left = post("/classify", { tenant: "tenant-2", texts }, { signal: abort.signal }).catch(() => "gone");
    setTimeout(() => abort.abort(), 3);
    await left;
    const { predictions } = await (await post("/classify", { tenant: "tenant-7", texts: ["grim"] })).json();
    expect(predictions).toEqual(await expected(encoder, classifiers[7]!, ["grim"]));
    for (const socket of sockets) socket.destroy();
  });

  it("SIGTERM: who is being answered gets the answer, and the process ends with 0", async () => {
    const texts = Array.from({ length: 64 }, (_, i) => `good film ${i} `.repeat(40));
    let asked: Promise<Response>[] = [];
    // More at once, until some are seen under way: a fast machine answers one before it can be asked about it.
    for (let atOnce = 2, seen = 0; seen === 0; atOnce *= 2) {
      let answered = 0;
      asked = Array.from({ length: atOnce }, () => post("/classify", { tenant: "tenant-3", texts }));
      for (const each of asked) void each.then(() => answered++);
      while (answered < atOnce && seen === 0) seen = (await health()).requests;
    }
    const ended = stop();
    const right = await expected(encoder, classifiers[3]!, texts);
    for (const each of asked) expect((await (await each).json()).predictions).toEqual(right);
    expect(await ended).toBe(0);
  });
});

interface Sent {
  /** As the server names it, and its number. */
  readonly mark: string;
  readonly id: number;
  readonly type: string;
  readonly state?: string;
  readonly step?: number;
  readonly phase?: string;
  readonly done?: number;
}

/** A job's events as they come. */
async function* events(id: string, after = ""): AsyncGenerator<Sent> {
  const response = await fetch(`${url}/jobs/${id}/events`, { headers: { "last-event-id": after } });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      const [, mark, number, data] = /^id: ([0-9a-f]{8}-(\d+))\nevent: \w+\ndata: (.*)$/.exec(event) ?? [];
      if (data !== undefined) yield { ...JSON.parse(data), mark, id: Number(number) };
    }
  }
}

const settings = { steps: 60, batchSize: 8, learningRate: 0.01, baseline: false };
/** Far from its end when its first steps are heard of. */
const long = { ...settings, steps: 600 };

/** Waits until a long job has a checkpoint of its steps, and has gone on from there. */
async function underWay(id: string): Promise<void> {
  let safe = 0;
  for await (const { type, phase, step = 0, done = 0 } of events(id)) {
    if (type === "checkpoint") safe = Math.max(safe, step);
    if (type !== "progress" || phase !== "train" || safe < 25) continue;
    expect(done).toBeLessThan(long.steps / 2);
    return;
  }
  throw new Error("the job ended before it was heard of");
}
const submit = async (fields: object) => {
  const response = await post("/jobs", { tenant: "new", examples, settings, ...fields });
  return { status: response.status, body: await response.json() };
};
const published = (version: string, file = "adapter_model.safetensors") =>
  readFileSync(join(places.tenants, "new", version, file));

describe("jobs", () => {
  it("a job trains in a thread, tells what it does, and its classifier answers", async () => {
    const { status, body } = await submit({ version: "v1" });
    expect([status, body.state]).toEqual([202, "running"]);
    expect((await submit({ version: "v1" })).status).toBe(409);
    const seen: Sent[] = [];
    for await (const event of events(body.id)) {
      seen.push(event);
      // Meanwhile others are answered.
      if (event.type === "ready")
        expect((await post("/classify", { tenant: "tenant-1", texts: ["good"] })).status).toBe(200);
    }
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    expect(seen.map(({ type }) => type)).toEqual(expect.arrayContaining(["model", "ready", "progress", "checkpoint"]));
    expect(seen.at(-1)).toMatchObject({ type: "state", state: "done", version: "v1" });
    // From where a client left off.
    const again: Sent[] = [];
    for await (const event of events(body.id, seen.at(-3)!.mark)) again.push(event);
    expect(again).toEqual(seen.slice(-2));
    // Who has heard the end is told not to come back; another server's numbers are none of this one's.
    const last = { headers: { "last-event-id": seen.at(-1)!.mark } };
    expect((await fetch(`${url}/jobs/${body.id}/events`, last)).status).toBe(204);
    await stop();
    await start();
    const later: Sent[] = [];
    for await (const event of events(body.id, seen.at(-1)!.mark)) later.push(event);
    expect(later).toMatchObject([{ type: "state", state: "done", version: "v1" }]);
    const job = await (await fetch(`${url}/jobs/${body.id}`)).json();
    expect(job.state).toBe("done");
    expect(job.accuracy).toBeGreaterThan(0.5);
    const files = Object.fromEntries(
      ["labels.json", "head.safetensors", "adapter_config.json", "adapter_model.safetensors"].map((name) => [
        name,
        new Uint8Array(published("v1", name)),
      ]),
    );
    const asked = ["it was a lovely film"];
    const answer = await (await post("/classify", { tenant: "new", texts: asked })).json();
    expect(answer).toEqual({ tenant: "new", version: "v1", predictions: await expected(encoder, files, asked) });
  });

  it("SIGTERM interrupts a job, the next server goes on from its checkpoint, to the same bits", async () => {
    const undisturbed = await submit({ version: "long", settings: long });
    for await (const event of events(undisturbed.body.id)) void event;
    const { body } = await submit({ version: "v2", settings: long });
    await underWay(body.id);
    expect(await stop()).toBe(0);
    expect(existsSync(join(places.tenants, "new", "v2"))).toBe(false);
    await start();
    const resumed: Sent[] = [];
    for await (const event of events(body.id)) resumed.push(event);
    const { resumedAfter } = resumed.find(({ type }) => type === "ready") as unknown as { resumedAfter: number };
    expect(resumedAfter).toBeGreaterThanOrEqual(25);
    expect(resumedAfter).toBeLessThan(long.steps);
    expect(resumed.at(-1)).toMatchObject({ state: "done" });
    expect(published("v2").equals(published("long"))).toBe(true);
  });

  it("a server that is killed leaves what the next one goes on with", async () => {
    const { body } = await submit({ version: "v3", settings: long });
    await underWay(body.id);
    await stop("SIGKILL");
    expect(existsSync(join(places.tenants, "new", "v3"))).toBe(false);
    await start();
    for await (const event of events(body.id)) void event;
    expect(published("v3").equals(published("long"))).toBe(true);
  });

  it("a job whose adapter is being published is neither cancelled nor lost by a stop", async () => {
    const { Jobs } = await folder.import("src/jobs.js");
    let publish!: () => void;
    let begun!: () => void;
    const [held, publishing] = [new Promise<void>((go) => (publish = go)), new Promise<void>((go) => (begun = go))];
    const adapters = { publish: () => (begun(), held) };
    const jobs = new Jobs({ folder: join(folder.folder, "held"), model: places.model, build: "simd", adapters });
    await jobs.open();
    const job = await jobs.create({ tenant: "new", version: "v7", examples, settings: { ...settings, steps: 2 } });
    await publishing;
    const ended = Promise.all([jobs.cancel(job), jobs.stop()]);
    publish();
    await ended;
    expect(job.state).toBe("done");
    expect(JSON.parse(readFileSync(join(jobs.folder, job.id, "job.json"), "utf8")).state).toBe("done");
  });

  it("a job whose file was damaged is left out by the next server, which takes the others in their order", async () => {
    const { Jobs } = await folder.import("src/jobs.js");
    const jobs = new Jobs({ folder: join(folder.folder, "found"), model: places.model, adapters: {}, atOnce: 0 });
    for (let i = 9; i > 0; i--) {
      mkdirSync(join(jobs.folder, `job-${i}`), { recursive: true });
      const job = { id: `job-${i}`, tenant: "new", version: `v${i}`, created: `2020-01-01T00:0${9 - i}`, state: "new" };
      writeFileSync(join(jobs.folder, job.id, "job.json"), i === 5 ? '{"id":' : JSON.stringify(job));
    }
    await jobs.open();
    expect(jobs.unfinished.map(({ id }: { id: string }) => id)).toEqual(
      [9, 8, 7, 6, 4, 3, 2, 1].map((i) => `job-${i}`),
    );
  });

  it("of jobs that have ended, the one that ended first is forgotten, also by the next server", async () => {
    const { Jobs } = await folder.import("src/jobs.js");
    const options = { folder: join(folder.folder, "many"), model: places.model, adapters: {}, atOnce: 0 };
    const jobs = new Jobs({ ...options, keep: 3 });
    await jobs.open();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const job = await jobs.create({ tenant: "new", version: `v${i}`, examples, settings });
      await jobs.cancel(job);
      ids.push(job.id as string);
    }
    const waiting = await jobs.create({ tenant: "new", version: "v9", examples, settings });
    const known = (one: typeof jobs) => ids.map((id) => one.get(id) !== undefined);
    expect(known(jobs)).toEqual([false, false, true, true, true]);
    expect(readdirSync(options.folder).sort()).toEqual([...ids.slice(2), waiting.id].sort());
    const next = new Jobs({ ...options, keep: 1 });
    await next.open();
    expect(known(next)).toEqual([false, false, false, false, true]);
    expect(next.unfinished.map(({ id }: { id: string }) => id)).toEqual([waiting.id]);
    expect(readdirSync(options.folder).sort()).toEqual([ids[4]!, waiting.id].sort());
  });

  it("as many jobs as may come in at once are read, before it is known what they are", async () => {
    const { answerJobs } = await folder.import("src/job-routes.js");
    const { Jobs } = await folder.import("src/jobs.js");
    const jobs = new Jobs({ folder: join(folder.folder, "coming"), model: places.model, adapters: {}, atOnce: 0 });
    const slow = () => {
      let end!: () => void;
      const body = new ReadableStream({ start: (controller) => void (end = () => controller.close()) });
      const headers = { "content-type": "application/json" };
      const asked = new Request("http://localhost/jobs", {
        method: "POST",
        body,
        headers,
        duplex: "half",
      } as RequestInit);
      return { answer: answerJobs(asked, jobs) as Promise<Response>, end };
    };
    const coming = Array.from({ length: 4 }, slow);
    expect((await slow().answer).status).toBe(503);
    for (const { end } of coming) end();
    for (const { answer } of coming) expect((await answer).status).toBe(400);
    const { answer, end } = slow();
    end();
    expect((await answer).status).toBe(400);
  });

  it("a number in the environment that makes no sense is named", () => {
    for (const [name, value] of [
      ["PORT", "99999"],
      ["PORT", "web"],
      ["JOB_BYTES", "-1"],
      ["JOBS_KEPT", "1e9"],
    ] as const) {
      const env = { ...process.env, NODE_OPTIONS: "", MODEL: places.model, [name]: value };
      const { status, stderr } = spawnSync(process.execPath, ["src/main.js"], {
        cwd: folder.example,
        env,
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(new RegExp(`^${name} is a whole number from 0 to \\d+, got "${value}"\n$`)),
      ]);
    }
  });

  it("DELETE ends a job that runs and one that waits; what fails says why", async () => {
    const running = (await submit({ version: "v4", settings: { ...settings, steps: 10_000 } })).body;
    const waiting = (await submit({ version: "v5" })).body;
    expect([running.state, waiting.state]).toEqual(["running", "waiting"]);
    const end = async (id: string) => (await fetch(`${url}/jobs/${id}`, { method: "DELETE" })).json();
    expect((await end(waiting.id)).state).toBe("cancelled");
    for await (const event of events(running.id)) if (event.type === "ready") break;
    expect((await end(running.id)).state).toBe("cancelled");
    expect((await end(running.id)).state).toBe("cancelled");
    expect(existsSync(join(places.jobs, running.id, "run"))).toBe(false);
    const failing = (await submit({ version: "v6", settings: { steps: -1 } })).body;
    let last: Sent | undefined;
    for await (const event of events(failing.id)) last = event;
    expect(last).toMatchObject({ state: "failed", error: { code: "CONFIG" } });
    // No path of this machine is told.
    const alike = examples.map(({ text }) => ({ text, label: "same" }));
    const { body: useless } = await submit({ version: "v8", settings: {}, examples: alike });
    for await (const event of events(useless.id)) last = event;
    expect(last).toMatchObject({
      state: "failed",
      error: { message: expect.stringMatching(/^examples\.jsonl: column .* needs two labels or more/) },
    });
    expect(existsSync(join(places.tenants, "new", "v4"))).toBe(false);
  });
});
