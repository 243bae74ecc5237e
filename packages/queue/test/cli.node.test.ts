// @rest services
import { afterAll, beforeAll, expect, it } from "vitest";
import { readdirSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Queue } from "bullmq";
import { Redis } from "../../../scripts/servers/redis.mjs";
import { type Fixture, lowrank, makeFixture, project } from "../../../test/cli/fixture.js";
import { lowrankProcess } from "../../../test/cli/process.js";

let fixture: Fixture;
let redis: Redis;
beforeAll(async () => {
  [fixture, redis] = await Promise.all([makeFixture(), Redis.start()]);
});
afterAll(() => Promise.all([fixture?.remove(), redis?.stop()]));

/** A command on the queue. */
const queued = (...args: string[]) => lowrank([...args, "--queue", redis.address]);

it("submits, lists, cancels and says what there is not", { timeout: 60_000 }, async () => {
  expect((await queued("jobs")).out).toBe("The queue is empty.\n");
  const { data, path } = fixture;
  expect((await queued("submit", "--data", data, "--out", path("a"), "--id", "a", "--steps", "3")).out).toBe("a\n");
  const jobs = [
    { spec: { data }, out: path("b"), id: "b" },
    { spec: { data, steps: 5, test: "held.csv" }, out: path("c"), id: "c", priority: 1 },
  ];
  await writeFile(path("jobs.jsonl"), `${jobs.map((job) => JSON.stringify(job)).join("\n")}\n\n`);
  expect((await queued("submit", "--jobs", path("jobs.jsonl"))).out).toBe("b\nc\n");
  const twice = await queued("submit", "--data", data, "--out", path("a2"), "--id", "a");
  expect(twice).toMatchObject({
    code: 0,
    out: "a\n",
    err: expect.stringContaining("a: a job with this name is already in") as string,
  });
  const listed = JSON.parse((await queued("jobs", "--json")).out) as { id: string; state: string }[];
  expect(listed.map(({ id, state }) => `${id} ${state}`)).toEqual(["a waiting", "b waiting", "c waiting"]);
  await writeFile(path("names.conll"), "Ada B-PER\n");
  const words = ["--task", "tokens", "--data", path("names.conll"), "--fields", "tokens=0,tags=1"];
  expect((await queued("submit", ...words, "--out", path("w"), "--id", "w")).out).toBe("w\n");
  const queue = new Queue("lowrank", { connection: { url: redis.address } });
  const [job, c] = await Promise.all(["w", "c"].map((id) => queue.getJob(id)));
  await queue.close();
  expect(c!.data.spec).toMatchObject({ data, test: resolve("held.csv") });
  expect(job!.data.spec).toMatchObject({
    task: "tokens",
    data: path("names.conll"),
    fields: { tokens: "0", tags: "1" },
  });
  expect((await queued("jobs", "--cancel", "w")).out).toBe("w: cancelled\n");
  expect((await queued("submit", ...words, "--label", "x", "--out", path("x"))).err).toContain(
    "--label is not an option of --task tokens",
  );
  expect((await queued("jobs", "--cancel", "a")).out).toBe("a: cancelled\n");
  expect((await queued("jobs", "--cancel", "a")).err).toContain("there is no job a that has not ended");
  expect((await queued("jobs", "--logs", "none")).err).toContain("there is no job none in this queue");
  expect((await queued("jobs", "--metrics")).out).toMatch(/^# HELP bullmq_job_count/);
  expect((await queued("jobs")).out).toMatch(/^job +state .*\nb +waiting .*\nc +waiting /);
});

it("submits language models' trainings, which a worker does", { timeout: 60_000 }, async () => {
  const { path } = fixture;
  await cp(join(project, "test/golden/decoders/qwen2"), path("qwen2"), { recursive: true });
  const rows = ["a film", "a play", "a book"].map((text) =>
    JSON.stringify({ prompt: "It is", completion: ` ${text}.` }),
  );
  await writeFile(path("rows.jsonl"), rows.join("\n"));
  const options = [
    "--task",
    "text",
    "--model",
    path("qwen2"),
    "--data",
    path("rows.jsonl"),
    "--validation",
    path("rows.jsonl"),
  ];
  const more = ["--steps", "2", "--batch-size", "2", "--rank", "2", "--gguf", "--weights", "f32", "--threads", "1"];
  const own = ["--queue-name", "language"];
  const submitted = await queued("submit", ...options, ...more, "--out", path("tuned"), "--id", "tuned", ...own);
  expect(submitted).toMatchObject({ code: 0, out: "tuned\n" });
  let stop = () => {};
  const args = ["worker", "--threads", "1", ...own, "--queue", redis.address];
  const worker = lowrankProcess(args, path("."), (_, child) => (stop = () => child.kill("SIGTERM")));
  const state = async () => (JSON.parse((await queued("jobs", "--json", ...own)).out) as { state: string }[])[0]?.state;
  await expect.poll(state).toMatch(/completed|failed/);
  stop();
  expect((await worker).err).toBe("");
  expect(readdirSync(path("tuned", "result"))).toEqual(
    expect.arrayContaining(["adapter.gguf", "adapter_model.safetensors", "report.json"]),
  );
  expect((await queued("jobs", "--forget", "1", ...own)).out).toBe("0 jobs removed\n");
  expect((await queued("jobs", "--forget", "0", ...own)).out).toBe("1 jobs removed\n");
  expect((await queued("jobs", ...own)).out).toBe("The queue is empty.\n");
  const wrong = await queued(
    "submit",
    "--task",
    "chat",
    "--data",
    path("rows.jsonl"),
    "--label",
    "x",
    "--out",
    path("none"),
  );
  expect(wrong.err).toContain("--label is not an option of --task chat");
});

it("refuses what makes no sense before anything is submitted", { timeout: 60_000 }, async () => {
  const { data, path } = fixture;
  const first = { spec: { data }, out: path("d"), id: "d" };
  const behind: Record<string, [object, string]> = {
    "bad.jsonl": [{ spec: {} }, 'expected {"spec": {"data": …}, "out": …}'],
    "rank.jsonl": [{ spec: { data, rank: 0 }, out: path("e") }, "spec.rank is a whole number from 1"],
    "typo.jsonl": [{ spec: { data, stepz: 3 }, out: path("e") }, 'there is no option "stepz"; did you mean "steps"?'],
    "name.jsonl": [{ spec: { data }, out: path("e"), id: "a:b" }, "id is a name without spaces and colons"],
    "field.jsonl": [{ spec: { data }, out: path("e"), priorty: 3 }, 'no option "priorty"; did you mean "priority"?'],
    "id.jsonl": [{ spec: { data }, out: path("e"), id: "d" }, "id d is already used in line 1"],
    "out.jsonl": [{ spec: { data }, out: path("d") }, `out ${path("d")} is already used in line 1`],
  };
  for (const [file, [job]] of Object.entries(behind))
    await writeFile(path(file), `${JSON.stringify(first)}\n\n${JSON.stringify(job)}\n`);
  await writeFile(path("empty.jsonl"), "\n");
  const refusals: [string[], string][] = [
    ...Object.entries(behind).flatMap(([file, [, said]]): [string[], string][] => [
      [["submit", "--jobs", path(file)], "line 3: "],
      [["submit", "--jobs", path(file)], said],
    ]),
    [["submit", "--jobs", path("empty.jsonl")], "the file has no jobs"],
    [["submit", "--jobs", path("bad.jsonl"), "--steps", "5"], "--steps has no effect with --jobs"],
    [["jobs", "--logs", "a", "--cancel", "a"], "cannot be used with"],
    [["jobs", "--to", "folder"], "--to is the target folder of --fetch"],
    [["submit", "--out", path("d")], "--data <file> with the training examples"],
    [["submit", "--data", data], "--out <folder> for the job's result is required"],
    [["submit", "--data", data, "--out", "s3://bucket/key/x", "--id", "7"], "id is a name without spaces"],
    [["submit", "--jobs", path("none.jsonl")], "ENOENT"],
  ];
  for (const [args, said] of refusals) {
    const { code, err } = await queued(...args);
    expect(err).toContain(said);
    expect(code).not.toBe(0);
  }
  expect((await lowrank(["jobs", "--queue", "http://127.0.0.1"])).err).toContain("starts with redis://");
  expect((await lowrank(["jobs"])).err).toContain("--queue needs the address of a Redis or PostgreSQL");
  const listed = JSON.parse((await queued("jobs", "--json")).out) as { id: string }[];
  expect(listed.map(({ id }) => id)).not.toContain("d");
});
