// @rest services
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Flower } from "../../../scripts/servers/flower.mjs";
import { lowrank } from "../../../test/cli/fixture.js";
import { tinyTasks } from "../../../test/tasks/tiny-tasks.js";
import { type FederationEvent, joinFederation } from "../src/index-node.js";
import { filesIn } from "./files-in.js";

let flower: Flower;
let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  [flower, folder] = await Promise.all([Flower.start(), mkdtemp(join(tmpdir(), "lowrank-restart-"))]);
  const { file, data, model } = tinyTasks.regress;
  await writeFile(at(file), data);
  for (const [name, bytes] of Object.entries(await model())) await writeFile(at(name), bytes);
}, 120_000);
afterAll(() => Promise.all([flower?.stop(), folder && rm(folder, { recursive: true, force: true })]));

/** An app of three rounds and two nodes. */
async function app(name: string): Promise<string> {
  const own = ["--task", "regress", "--label", "stars", "--model", folder, "--data", at(tinyTasks.regress.file)];
  const run = ["--rounds", "3", "--rank", "2", "--batch-size", "8", "--min-nodes", "2"];
  expect(await lowrank(["flower", "app", at(name), ...own, ...run])).toMatchObject({ code: 0, err: "" });
  return at(name);
}

/** Two nodes of this process, which wait for the server as long as it takes. */
const nodes = (hear: (event: FederationEvent) => void) =>
  [0, 1].map(() => {
    const job = { task: "regress", label: "stars", model: folder, data: at(tinyTasks.regress.file) } as const;
    return joinFederation({ server: flower.address, job, patience: 3_600, onEvent: hear });
  });

/** The files of all rounds but what the server records of them. */
async function saved(app: string) {
  await expect.poll(() => existsSync(join(app, "rounds/round-0003"))).toBe(true);
  return ["0001", "0002", "0003"].map((number) => {
    const { "federated.json": _, ...files } = filesIn(join(app, "rounds", `round-${number}`));
    return files;
  });
}

it(
  "a server that is killed in the middle of a round goes on after the last complete one, with the nodes that were there",
  { timeout: 360_000 },
  async () => {
    const undisturbed = await app("undisturbed");
    const first = nodes(() => undefined);
    await Promise.all([...first, flower.start(undisturbed)]);

    const killed = await app("killed");
    await flower.start(killed);
    let isKilled = false;
    let noticed!: () => void;
    const begun = new Promise<void>((resolve) => (noticed = resolve));
    const events: FederationEvent[] = [];
    const second = nodes((event) => {
      events.push(event);
      if (event.type !== "round" || event.round !== 2 || isKilled) return;
      // This node has not answered yet, so the round is not over.
      isKilled = true;
      flower.kill();
      noticed();
    });
    await Promise.race([begun, ...second]);
    expect(existsSync(join(killed, "rounds/round-0001"))).toBe(true);
    expect(existsSync(join(killed, "rounds/round-0002"))).toBe(false);
    await flower.restart();
    await flower.start(killed);
    await Promise.all(second);
    // Both joined again, and no round before the last complete one began again.
    expect(events.filter(({ type }) => type === "joined")).toHaveLength(4);
    const rounds = events.filter((event) => event.type === "round").map(({ round }) => round);
    expect(rounds.filter((round) => round === 1)).toHaveLength(2);
    expect(rounds.filter((round) => round === 3)).toHaveLength(2);
    expect(await saved(killed)).toEqual(await saved(undisturbed));
  },
);
