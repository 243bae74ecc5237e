// @rest services
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { openRounds, writeSafetensors } from "lowrank/extension";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { tinyRun, tinyTasks } from "../../../test/tasks/tiny-tasks.js";
import { Terminal } from "../../../ts/cli/terminal/terminal.js";
import type { AnyJobSpec, TaskName } from "../../../ts/jobs/index.js";
import { run } from "../src/cli/program.js";
import { LocalRounds } from "../src/rounds/local-round.js";
import { SharedAdapter } from "../src/rounds/shared-adapter.js";
import { taskModels } from "../src/rounds/task-models.js";
import { contentOf, settingsOf, shapeOf } from "./round-parts.js";

/** Of answers with labels. */
const refusal = '{ prompt, completion, label } is for the loss "kto"';
const opened: Awaited<ReturnType<typeof openRounds>>[] = [];
afterEach(() => opened.splice(0).forEach((rounds) => rounds.dispose()));

type Rows = readonly Readonly<Record<string, unknown>>[];
const linesOf = (rows: Rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** A node with rows of its own, and how often it has read them. */
async function node(task: TaskName, rows: Rows, more: object = {}) {
  const { sources } = tinyRun(task);
  const reads = { count: 0 };
  const own: typeof sources = {
    ...sources,
    async readData(name) {
      reads.count++;
      return { name, bytes: new TextEncoder().encode(linesOf(rows)) };
    },
  };
  const job = { task, model: "tiny", data: "rows.jsonl", ...more } as unknown as AnyJobSpec;
  const rounds = await openRounds("a test", job, { sources: own });
  opened.push(rounds);
  const models = taskModels(rounds);
  return { models, reads, local: new LocalRounds({ models, maxSteps: 100, onEvent: () => undefined }) };
}

/** What a node answers to a server that names a loss: the bytes of its update, and metrics. */
async function answer({ local, models }: Awaited<ReturnType<typeof node>>, loss: string, round = 1) {
  const shape = { ...shapeOf(models.task, []), taskSettings: { loss } };
  await models.share(shape);
  const shared = await SharedAdapter.of(models, shape);
  const content = contentOf(shared.arraysOf(shared.files, true));
  const { arrays, metrics } = await local.train({ ...settingsOf(shared, shape), round }, content);
  return { update: writeSafetensors([...arrays!]), metrics };
}

const queries = ["a film", "a book", "a song", "a play"];
const judged = queries.flatMap((query) =>
  ["good", "fine", "bad"].map((word, i) => ({ query, text: `${query} that is ${word}`, label: i === 0 ? 1 : 0 })),
);
const labelled = judged.map(({ query, text, label }) => ({ sentence1: query, sentence2: text, label }));
const preferred = queries.map((prompt) => ({ prompt, chosen: " good", rejected: " bad" }));
const answered = queries.map((prompt, i) => ({ prompt, completion: ` good ${prompt}`, label: i % 2 === 0 }));

describe.each([
  { task: "rank", rows: judged, usual: "binary-cross-entropy", loss: "lambda", counts: [12, 4] },
  { task: "pairs", rows: labelled, usual: "contrastive", loss: "cosent", counts: [12, 12] },
  { task: "preferences", rows: preferred, usual: "dpo", loss: "kto", counts: [4, 8] },
] as const)("a node of the task $task", ({ task, rows, usual, loss, counts }) => {
  it("trains the server's loss on rows that it has read for another, as one that was asked for it", async () => {
    const plain = await node(task, rows);
    expect(plain.models.counts.train).toBe(counts[0]);
    const own = await answer(plain, usual);
    const asked = await answer(plain, loss);
    expect(plain.models.counts.train).toBe(counts[1]);
    expect(asked.metrics.get("num-examples")).toBe(counts[1]);
    expect(asked).toEqual(await answer(await node(task, rows, { loss }), loss));
    expect(asked.update).not.toEqual(own.update);
    // And back.
    expect(await answer(plain, usual)).toEqual(own);
  });

  it("reads its rows once for each loss", async () => {
    const plain = await node(task, rows);
    const reads: number[] = [];
    for (const one of [usual, usual, loss, loss]) {
      await answer(plain, one, reads.length + 1);
      reads.push(plain.reads.count);
    }
    expect(reads).toEqual([1, 1, 2, 2]);
  });
});

it("rows that the server's loss does not take are refused by name, and stay as they are", async () => {
  const own = await node("preferences", answered, { loss: "kto" });
  const before = await answer(own, "kto");
  await expect(answer(own, "dpo")).rejects.toThrow(refusal);
  expect(await answer(own, "kto")).toEqual(before);
  const search = await node("pairs", [
    { anchor: "a film", positive: "a good film" },
    { anchor: "a book", positive: "a good book" },
  ]);
  await expect(answer(search, "cosent")).rejects.toThrow(/cosent/);
});

describe("on the command line", () => {
  let folder: string;
  const at = (...names: string[]) => join(folder, ...names);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lowrank-losses-"));
    await writeFile(at("judged.jsonl"), linesOf(judged));
    await writeFile(at("graded.jsonl"), linesOf(judged.map((row, i) => ({ ...row, label: i % 3 }))));
    await writeFile(at("answered.jsonl"), linesOf(answered));
    for (const [name, bytes] of Object.entries(await tinyTasks.rank.model())) await writeFile(at(name), bytes);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function command(...args: string[]) {
    let text = "";
    const stream = () =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          text += chunk.toString();
          done();
        },
      });
    const terminal = new Terminal({ input: Readable.from([]), output: stream(), errors: stream(), environment: {} });
    return { code: await run(args, terminal), text };
  }

  it.each([
    ["judged", [], "binary-cross-entropy"],
    ["graded", [], "lambda"],
    ["judged", ["--loss", "list-net"], "list-net"],
  ] as const)("an app made with %s rows and %j names the loss %s for all nodes", async (rows, options, loss) => {
    const app = at(`app-${loss}`);
    const own = ["--task", "rank", "--model", folder, "--data", at(`${rows}.jsonl`), ...options];
    expect(await command("app", app, ...own)).toMatchObject({ code: 0 });
    const settings = await readFile(join(app, "pyproject.toml"), "utf8");
    expect(settings).toContain(`task-settings = ${JSON.stringify(JSON.stringify({ loss }))}`);
  });

  it("a node with answers and labels joins with --loss kto", async () => {
    const own = ["--task", "preferences", "--model", at("absent"), "--data", at("answered.jsonl")];
    const joined = (...more: string[]) => command("join", "--server", "http://127.0.0.1:9", ...own, ...more);
    expect((await joined()).text).toContain(refusal);
    // It has read its rows, and lacks the model.
    const { code, text } = await joined("--loss", "kto");
    expect([code, text]).toEqual([1, expect.stringContaining("absent")]);
    expect(text).not.toContain("kto");
  });
});
