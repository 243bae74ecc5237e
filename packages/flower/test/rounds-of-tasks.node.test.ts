// @rest services
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Flower } from "../../../scripts/servers/flower.mjs";
import { Terminal } from "../../../ts/cli/terminal/terminal.js";
import { SentenceEncoder, TextRegressor } from "../../../ts/index.js";
import type { AnyJobSpec, TaskName } from "../../../ts/jobs/index.js";
import { tinyTasks } from "../../../test/tasks/tiny-tasks.js";
import { run } from "../src/cli/program.js";
import { type FederationEvent, joinFederation } from "../src/index-node.js";

let flower: Flower;
let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  [flower, folder] = await Promise.all([Flower.start(), mkdtemp(join(tmpdir(), "lowrank-rounds-"))]);
  const { file, data, model } = tinyTasks.regress;
  await writeFile(at(file), data);
  await writeFile(at(tinyTasks.pairs.file), tinyTasks.pairs.data);
  for (const [name, bytes] of Object.entries(await model())) await writeFile(at(name), bytes);
}, 120_000);
afterAll(() => Promise.all([flower?.stop(), folder && rm(folder, { recursive: true, force: true })]));

/** Runs a command of the package in this process. */
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

/** Two rounds of a task on a real server: one node by the command line, one by a program. */
async function federated(task: TaskName, job: AnyJobSpec, columns: readonly string[]) {
  const data = at(tinyTasks[task].file);
  const app = at(`app-${task}`);
  const options = ["--rounds", "2", "--rank", "2", "--batch-size", "8", "--evaluate"];
  const made = await command("app", app, "--task", task, "--model", folder, "--data", data, ...columns, ...options);
  expect(made).toEqual({ code: 0, text: expect.stringContaining("is written") });
  const events: FederationEvent[] = [];
  const joined = joinFederation({ server: flower.address, job, onEvent: (event) => events.push(event) });
  const other = command(
    "join",
    "--server",
    flower.address,
    "--task",
    task,
    "--model",
    folder,
    "--data",
    data,
    ...columns,
  );
  await flower.start(app);
  expect(await joined).toMatchObject({ rounds: 2 });
  const { code, text } = await other;
  expect([code, text]).toEqual([0, expect.stringMatching(/round 2: .* of \d+ examples[^]*took part in 2 rounds/)]);
  const result = join(app, "rounds/round-0002");
  await expect.poll(() => existsSync(result)).toBe(true);
  expect(JSON.parse(readFileSync(join(result, "federated.json"), "utf8"))).toMatchObject({ replies: 2 });
  const evaluated = events.filter((event) => event.type === "evaluated");
  expect(evaluated).toHaveLength(2);
  return { result, metrics: Object.keys(evaluated[0]!.metrics), text };
}

it("a regressor is trained in rounds, and predicts numbers in the unit of the data", { timeout: 240_000 }, async () => {
  const job: AnyJobSpec = { task: "regress", model: folder, data: at("stars.csv"), label: "stars" };
  const { result, metrics, text } = await federated("regress", job, ["--label", "stars"]);
  expect(metrics).toEqual(["spearman", "pearson", "rmse", "mae", "r2"]);
  expect(text).toMatch(/Spearman -?[\d.]+/);
  using regressor = await TextRegressor.open(result, { model: folder });
  const [number] = await regressor.predict(["The film was good."]);
  expect(number).toBeGreaterThan(50);
  expect(number).toBeLessThan(160);
});

it("an adapter for sentence vectors is trained in rounds, without a head", { timeout: 240_000 }, async () => {
  const job: AnyJobSpec = { task: "pairs", model: folder, data: at("pairs.csv") };
  const { result, metrics } = await federated("pairs", job, []);
  expect(metrics).toContain("ndcg@10");
  expect(existsSync(join(result, "head.safetensors"))).toBe(false);
  const encoder = await SentenceEncoder.load(folder);
  const [before] = await encoder.encode(["The film was good."]);
  encoder.loadAdapter("federated", result);
  const [after] = await encoder.encode(["The film was good."]);
  expect(after).not.toEqual(before);
  encoder.dispose();
});
