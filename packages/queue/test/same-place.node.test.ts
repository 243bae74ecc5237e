// @rest services
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LowrankError } from "../../../ts/errors/errors.js";
import type { JobSpec } from "../../../ts/tasks/classify/settings.js";
import { folderStore } from "../../../ts/training/node/folder-store.js";
import { takeTraining } from "../src/jobs/queued-training.js";
import { runAttempt } from "../src/run-attempt.js";
import type { LowrankWorker } from "../../../ts/worker/client/living-worker.js";

let out: string;
beforeAll(async () => void (out = await mkdtemp(join(tmpdir(), "lowrank-place-"))));
afterAll(() => rm(out, { recursive: true }));

const payload = (spec: JobSpec) => takeTraining("a test", { spec, out }, null);
/** An attempt that finds what it asks for in its place, or ends before it trains. */
const attempt = (spec: JobSpec) =>
  runAttempt(payload(spec), "an-attempt", {
    worker: null as unknown as LowrankWorker,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onBegin: () => expect.unreachable("it begins"),
    onFound: () => undefined,
  });

it("a job is told the result that lies in its place where its spec is that one's, and no other", async () => {
  const spec = { data: "/data/a.csv", steps: 2, labelNames: { 0: "bad", 1: "good" } };
  const report = {
    settings: payload(spec).spec,
    result: { after: { accuracy: 0.75, loss: 0.5 } },
    steps: [{}, {}],
    evaluation: null,
  };
  await mkdir(join(out, "result"));
  await writeFile(join(out, "result/report.json"), JSON.stringify(report));
  // PostgreSQL keeps names in another order.
  const same = { ...spec, labelNames: { 1: "good", 0: "bad" } };
  expect(await attempt(same)).toMatchObject({ out, accuracy: 0.75, loss: 0.5, steps: 2, finished: true });
  await expect(attempt({ ...spec, rank: 3 })).rejects.toThrow(
    `${out} has the result of a training with another spec: its rank was 8, this job's is 3; choose another place for the job`,
  );
  expect(await readdir(out)).toEqual(["result"]);
});

it("a job that ends removes the attempts of jobs that have ended, not one of another job that still trains", async () => {
  const spec = { data: "/data/a.csv", steps: 2 };
  const report = { settings: payload(spec).spec, steps: [{}, {}], evaluation: null };
  const files = (text: string) => ({ "run.json": new TextEncoder().encode(text) });
  const store = (name: string) => folderStore(join(out, "attempts", name));
  await rm(join(out, "result"), { recursive: true, force: true });
  await store("an-earlier-attempt").write({ "report.json": new TextEncoder().encode(JSON.stringify(report)) });
  await store("b-dead").write(files("{}"));
  await store("c-slower").write(files("{}"));
  const release = await store("c-slower").claim();
  // A machine that nobody can ask has this one of the job itself.
  await store("1-1-1-attempt").write(files("{}"));
  await writeFile(join(out, "attempts/1-1-1-attempt/run-1-2.lock"), "{}");
  expect(await attempt(spec)).toMatchObject({ out, steps: 2, finished: true });
  expect(await readdir(join(out, "attempts"))).toEqual(["c-slower"]);
  expect(await store("c-slower").has("run.json")).toBe(true);
  await release();
  expect(await attempt(spec)).toMatchObject({ out, steps: 2, finished: true });
  expect(await readdir(out)).toEqual(["result"]);
});

it("what is no result is said before training by its name, and stays", async () => {
  const spec = { data: "/data/a.csv", steps: 2 };
  const wrong: Record<string, readonly [string, string, RegExp]> = {
    "a file": ["", "mine", /result is expected to be a folder, but it or a part of its path is a file/],
    "other files": ["notes.txt", "mine", /"result" without a report.json \(with "notes.txt"\)/],
    "half a report": ["report.json", "{half", /report.json: .*JSON/],
    "a report that is null": ["report.json", "null", /report.json: /],
    "a report without settings": ["report.json", '{"settings":null}', /report.json: expected settings to be an object/],
  };
  const made = join(out, "attempts/earlier/report.json");
  await mkdir(join(made, ".."), { recursive: true });
  const finished = JSON.stringify({ settings: payload(spec).spec, steps: [{}, {}], evaluation: null });
  await writeFile(made, finished);
  for (const [name, [file, content, message]] of Object.entries(wrong)) {
    const result = join(out, "result");
    await rm(result, { recursive: true, force: true });
    if (file !== "") await mkdir(result);
    await writeFile(join(result, file), content);
    const error: unknown = await attempt(spec).catch((error: unknown) => error);
    expect(error, name).toBeInstanceOf(LowrankError);
    expect((error as Error).message, name).toMatch(message);
    expect(await readFile(join(result, file), "utf8"), name).toBe(content);
    expect(await readFile(made, "utf8"), name).toBe(finished);
  }
});
