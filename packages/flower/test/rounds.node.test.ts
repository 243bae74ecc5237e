// @rest services
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Flower } from "../../../scripts/servers/flower.mjs";
import { joinFederation } from "../src/index-node.js";
import type { FederationEvent } from "../src/join-options.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { readSafetensors } from "../../../ts/io/safetensors/index.js";
import { example } from "../../../test/docs/examples.js";
import { filesIn } from "./files-in.js";
import { killedNode } from "./killed-node.js";
import { answerUnreadably } from "./unreadable.js";
import { SentenceEncoder } from "../../../ts/models/sentence/sentence-encoder.js";
import { TextClassifier } from "../../../ts/tasks/classify/text-classifier.js";
import { examples, type Fixture, lowrank, makeFixture, project } from "../../../test/cli/fixture.js";

let flower: Flower;
let fixture: Fixture;
beforeAll(async () => {
  [flower, fixture] = await Promise.all([Flower.start(), makeFixture()]);
}, 120_000);
afterAll(() => Promise.all([flower?.stop(), fixture?.remove()]));

/** An app of two labels on the tiny model. */
async function app(name: string, ...options: string[]): Promise<string> {
  const folder = fixture.path(name);
  const labels = [...new Set(examples.map(({ label }) => label))].join(",");
  const run = ["--model", fixture.model, "--labels", labels, "--rank", "4", "--batch-size", "4", ...options];
  const { code, err } = await lowrank(["flower", "app", folder, ...run]);
  expect([code, err]).toEqual([0, ""]);
  return folder;
}

/** By the transport of who has certificates of an authority of their own; it takes http too. */
const byOwnTransport = { rootCertificates: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" };

/** A node in this process, with an encoder of its own. */
async function joinHere(own: typeof examples, onEvent: (event: FederationEvent) => void, more = {}) {
  const encoder = await SentenceEncoder.load(fixture.model);
  try {
    const server = flower.address;
    return await joinFederation({ server, encoder, TextClassifier, examples: own, onEvent, ...more });
  } finally {
    encoder.dispose();
  }
}

/** The program of docs/federated.md as a node of its own. */
async function documented(own: typeof examples): Promise<string> {
  const program = example(readFileSync(join(project, "docs/federated.md"), "utf8"), "federated")
    .replace('"/flower"', JSON.stringify(flower.address))
    .replace('"/models/all-MiniLM-L6-v2"', JSON.stringify(fixture.model))
    .replace(/(?<=const examples = )\[.*\]/, JSON.stringify(own));
  const { stdout } = await promisify(execFile)("node", ["--input-type=module", "--eval", program], { cwd: project });
  return stdout;
}

const about = (folder: string, round: number) =>
  JSON.parse(readFileSync(join(folder, "rounds", `round-000${round}`, "federated.json"), "utf8")) as {
    replies: number;
    privacy?: { epsilon: number; delta: number; releases: number };
  };

/** Every module's update B·A. */
function updates(files: FileMap): Map<string, Float64Array> {
  const file = readSafetensors(files["adapter_model.safetensors"]!);
  const found = new Map<string, Float64Array>();
  for (const name of file.names.filter((one) => one.includes("lora_A"))) {
    const [a, b] = [file.tensor(name), file.tensor(name.replace("lora_A", "lora_B"))];
    const [[rank = 0, width = 0], [rows = 0]] = [a.shape, b.shape];
    const update = new Float64Array(rows * width);
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < rank; k++)
        for (let i = 0; i < width; i++) update[row * width + i]! += b.data[row * rank + k]! * a.data[k * width + i]!;
    found.set(name, update);
  }
  return found;
}

it("B alone learns faster than A and B together, unless it is said otherwise", async () => {
  const rateOf = async (...options: string[]) => {
    const settings = readFileSync(join(await app(`rate-${options.length}`, ...options), "pyproject.toml"), "utf8");
    return Number(/^learning-rate = (.*)$/m.exec(settings)![1]);
  };
  expect(await rateOf()).toBe(6e-3);
  expect(await rateOf("--no-freeze-a")).toBe(2e-3);
  expect(await rateOf("--learning-rate", "0.01")).toBe(0.01);
});

it("with noise, rounds tell the privacy that is spent", { timeout: 180_000 }, async () => {
  const options = ["--noise-multiplier", "1.5", "--clipping-norm", "0.5"];
  const folder = await app("noisy", "--rounds", "1", ...options);
  const both = () => Promise.all([joinHere(examples.slice(0, 5), () => {}), documented(examples.slice(5))]);
  const first = both();
  await flower.start(folder);
  const [, said] = await first;
  expect(said).toMatch(/^1 [\d.]+\n1 rounds, \d+ bytes sent\n$/);
  await expect.poll(() => existsSync(join(folder, "rounds/round-0001"))).toBe(true);
  const spent = about(folder, 1).privacy!;
  expect(spent).toMatchObject({ delta: 1e-5, releases: 1 });
  // One Gaussian release of noise 1.5 at δ = 1e-5: between the exact ε of 2.72 and the bound by moments.
  expect(spent.epsilon).toBeGreaterThan(2.7);
  expect(spent.epsilon).toBeLessThan(3.3);
  const shared = readSafetensors(filesIn(join(folder, "rounds/round-0001"))["head.safetensors"]!);
  expect(shared.tensor("bias").data.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
});

it(
  "a node that is killed holds no round up, one that is late takes part, and the mean of adapters is that of their updates",
  { timeout: 600_000 },
  async () => {
    const folder = await app("app", "--rounds", "2", "--min-replies", "1");
    const trained: { files: FileMap; examples: number }[] = [];
    let begun!: () => void;
    const firstRound = new Promise<void>((resolve) => (begun = resolve));
    const hear = (event: FederationEvent) => {
      if (event.type === "round") begun();
      if (event.type === "trained" && event.round === 2) trained.push(event);
    };
    const killed = killedNode(flower.address, { model: fixture.model, data: fixture.data });
    const early = joinHere(examples.slice(0, 5), hear);
    await flower.start(folder);
    // Whoever cannot join says so here.
    await Promise.race([firstRound, early]);
    await killed.gone;
    const late = joinHere(examples.slice(5), hear);
    const reports = await Promise.all([early, late]);
    expect(reports.map(({ rounds }) => rounds)).toEqual([2, 1]);
    await expect.poll(() => existsSync(join(folder, "rounds/round-0002"))).toBe(true);
    expect([about(folder, 1).replies, about(folder, 2).replies]).toEqual([1, 2]);
    const shared = filesIn(join(folder, "rounds/round-0002"));
    const total = trained.reduce((sum, { examples: n }) => sum + n, 0);
    const each = trained.map(({ files, examples: n }) => ({ weight: n / total, update: updates(files) }));
    for (const [name, update] of updates(shared)) {
      expect(update.some((value) => value !== 0)).toBe(true);
      const mean = update.map((_, i) => each.reduce((sum, one) => sum + one.weight * one.update.get(name)![i]!, 0));
      for (const [i, value] of update.entries()) expect(Math.abs(value - mean[i]!)).toBeLessThan(1e-6);
    }
    // What PEFT reads is also a classifier here.
    const classifier = await TextClassifier.open(join(folder, "rounds/round-0002"), { model: fixture.model });
    expect(await classifier.predict(["a warm film"])).toHaveLength(1);
    classifier.dispose();
  },
);

it("an answer that nobody can read ends no round, and counts for nothing", { timeout: 180_000 }, async () => {
  const folder = await app("unreadable", "--rounds", "1", "--min-replies", "1");
  const hostile = answerUnreadably(flower.address);
  const honest = joinHere(examples, () => {}, byOwnTransport);
  await flower.start(folder);
  await hostile;
  expect(await honest).toMatchObject({ rounds: 1 });
  await expect.poll(() => existsSync(join(folder, "rounds/round-0001")), { timeout: 30_000 }).toBe(true);
  expect(about(folder, 1).replies).toBe(1);
});
