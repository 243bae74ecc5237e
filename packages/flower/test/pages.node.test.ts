// @needs browser
// @rest services
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FederationEvent } from "../src/join-options.js";
import { filesIn } from "./files-in.js";
import { SmallFederation } from "./small-federation.js";

let federation: SmallFederation;
beforeAll(async () => void (federation = await SmallFederation.start()), 120_000);
afterAll(() => federation?.end());

const parts = [0, 1] as const;

/** What all rounds have saved but the server's own record. */
async function saved(app: string, rounds: number) {
  await expect.poll(() => existsSync(join(app, `rounds/round-000${rounds}`))).toBe(true);
  return Array.from({ length: rounds }, (_, i) => {
    const { "federated.json": about, ...files } = filesIn(join(app, `rounds/round-000${i + 1}`));
    expect(JSON.parse(new TextDecoder().decode(about))).toMatchObject({ replies: 2 });
    return files;
  });
}

it.each(["tokens", "regress", "multi-label", "pairs"] as const)(
  "two tabs train rounds of the task %s in workers, to the same bits as two processes",
  { timeout: 360_000 },
  async (task) => {
    const { flower } = federation;
    const options = ["--rounds", "2", "--min-nodes", "2", "--evaluate"];
    const inTabs = await federation.app(`${task}-tabs`, task, ...options);
    const inProcesses = await federation.app(`${task}-node`, task, ...options);
    const events: FederationEvent[] = [];
    const tabs = parts.map(async (part) => {
      const page = await federation.page();
      const rounds = await federation.joined(page, task, part, (event) => events.push(event));
      await page.close();
      return rounds;
    });
    const [rounds] = await Promise.all([Promise.all(tabs), flower.start(inTabs)]);
    expect(rounds).toEqual([2, 2]);
    for (const type of ["trained", "evaluated"] as const)
      expect(events.filter((event) => event.type === type)).toHaveLength(4);
    const children = parts.map((part) => federation.child(task, part));
    const [said] = await Promise.all([Promise.all(children), flower.start(inProcesses)]);
    for (const text of said) expect(text).toContain("took part in 2 rounds");
    const results = await saved(inTabs, 2);
    expect(results).toEqual(await saved(inProcesses, 2));
    const initial = new Uint8Array(readFileSync(join(inTabs, "initial/adapter_model.safetensors")));
    expect(results[0]!["adapter_model.safetensors"]).not.toEqual(initial);
    expect(results[0]).not.toEqual(results[1]);
  },
);
