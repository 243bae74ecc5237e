// @rest services
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors } from "lowrank/extension";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Flower } from "../../../scripts/servers/flower.mjs";
import { lowrank } from "../../../test/cli/fixture.js";
import { tinyTasks } from "../../../test/tasks/tiny-tasks.js";
import type { FileMap, Tensor } from "../../../ts/index.js";
import { type FederationEvent, joinFederation } from "../src/index-node.js";
import { answerFalsely } from "./false-updates.js";
import { filesIn } from "./files-in.js";

let flower: Flower;
let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  [flower, folder] = await Promise.all([Flower.start(), mkdtemp(join(tmpdir(), "lowrank-false-"))]);
  for (const { file, data } of [tinyTasks.regress, tinyTasks.pairs]) await writeFile(at(file), data);
  for (const [name, bytes] of Object.entries(await tinyTasks.regress.model())) await writeFile(at(name), bytes);
}, 120_000);
afterAll(() => Promise.all([flower?.stop(), folder && rm(folder, { recursive: true, force: true })]));

async function app(task: "regress" | "pairs", ...options: string[]): Promise<string> {
  const own = ["--task", task, "--model", folder, "--data", at(tinyTasks[task].file)];
  const run = ["flower", "app", at(task), ...own, "--rank", "2", "--batch-size", "8", ...options];
  expect(await lowrank(run)).toMatchObject({ code: 0, err: "" });
  return at(task);
}

/** What nodes send of a model's files. */
function sent(files: FileMap): Map<string, Tensor> {
  const adapter = readSafetensors(files["adapter_model.safetensors"]!);
  const head = Object.hasOwn(files, "head.safetensors") ? readSafetensors(files["head.safetensors"]!) : null;
  return new Map([
    ...adapter.names.filter((name) => !name.includes("lora_A")).map((name) => [name, adapter.tensor(name)] as const),
    ...(head?.names ?? []).map((name) => [`head.${name}`, head!.tensor(name)] as const),
  ]);
}

/** The same with another first array. */
const withFirst = (arrays: ReadonlyMap<string, Tensor>, change: (tensor: Tensor) => Tensor) =>
  new Map([...arrays].map(([name, tensor], i) => [name, i === 0 ? change(tensor) : tensor]));

it(
  "updates that are damaged, or another task's, count for nothing: rounds go on from what the others have trained",
  { timeout: 240_000 },
  async () => {
    const regress = await app("regress", "--label", "stars", "--rounds", "2", "--min-nodes", "4", "--min-replies", "1");
    const initial = sent(filesIn(join(regress, "initial")));
    const ofPairs = sent(filesIn(join(await app("pairs"), "initial")));
    expect([...ofPairs.keys()].sort()).not.toEqual([...initial.keys()].sort());
    const damaged = withFirst(initial, ({ shape, data }) => ({ shape, data: data.with(0, NaN) }));
    const cut = withFirst(initial, ({ shape: [rows, width], data }) => ({
      shape: [rows! - 1, width!],
      data: data.slice(width),
    }));
    const hostile = [ofPairs, damaged, cut].map((arrays) => answerFalsely(flower.address, arrays, 2));
    const events: FederationEvent[] = [];
    const job = { task: "regress", label: "stars", model: folder, data: at(tinyTasks.regress.file) } as const;
    const honest = joinFederation({ server: flower.address, job, onEvent: (event) => events.push(event) });
    await flower.start(regress);
    expect(await honest).toMatchObject({ rounds: 2 });
    await Promise.all(hostile);
    const last = join(regress, "rounds/round-0002");
    await expect.poll(() => existsSync(last)).toBe(true);
    for (const round of [1, 2]) {
      const path = join(regress, `rounds/round-000${round}`);
      expect(JSON.parse(readFileSync(join(path, "federated.json"), "utf8"))).toMatchObject({ replies: 1 });
      const trained = events.find((event) => event.type === "trained" && event.round === round);
      expect(sent(filesIn(path))).toEqual(sent((trained as FederationEvent & { type: "trained" }).files));
    }
    const begun = events.find((event) => event.type === "round" && event.round === 2);
    expect(sent((begun as FederationEvent & { type: "round" }).files)).toEqual(
      sent(filesIn(join(regress, "rounds/round-0001"))),
    );
  },
);
