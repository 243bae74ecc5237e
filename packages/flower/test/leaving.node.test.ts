// @needs browser
// @rest services
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FederationEvent, joinFederation } from "../src/index-node.js";
import { killedNode } from "./killed-node.js";
import { SmallFederation } from "./small-federation.js";

let federation: SmallFederation;
beforeAll(async () => void (federation = await SmallFederation.start()), 120_000);
afterAll(() => federation?.end());

/** A promise, and what fulfils it. */
function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give!: () => void;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

/** A node as a tab, which is closed before its update is sent. */
async function closed(): Promise<{ readonly joined: Promise<void>; readonly gone: Promise<void> }> {
  const page = await federation.page();
  const [joined, answers] = [signal(), signal()];
  await page.route("**/push-messages", () => answers.give());
  const told = (event: FederationEvent) => void (event.type === "joined" && joined.give());
  const rounds = federation.joined(page, "regress", 1, told);
  const failed = rounds.then((): never => {
    throw new Error("the tab has answered");
  });
  // Its call ends with it.
  failed.catch(() => undefined);
  const gone = Promise.race([answers.given, failed]).then(() => page.close());
  return { joined: Promise.race([joined.given, failed]), gone };
}

it(
  "a round goes on without a process that was killed and a tab that was closed, and the next one with a node that came late",
  { timeout: 600_000 },
  async () => {
    // No time limit of the server's ends the round.
    const limits = ["--min-nodes", "2", "--min-replies", "1", "--round-seconds", "3600"];
    const app = await federation.app("leaving", "regress", "--rounds", "2", ...limits);
    const { flower } = federation;
    const leaving = [killedNode(flower.address, await federation.job("regress", 1)), await closed()];
    const events: FederationEvent[] = [];
    const joined = signal();
    const staying = joinFederation({
      server: flower.address,
      job: await federation.job("regress", 0),
      onEvent(event) {
        events.push(event);
        if (event.type === "joined") joined.give();
      },
    });
    await Promise.all([Promise.race([joined.given, staying]), ...leaving.map((node) => node.joined)]);
    await flower.start(app);
    await Promise.all(leaving.map(({ gone }) => gone));
    expect(existsSync(join(app, "rounds/round-0001"))).toBe(false);
    const late = federation.child("regress", 1);
    expect(await staying).toMatchObject({ rounds: 2 });
    expect(await late).toContain("took part in 1 rounds");
    await expect.poll(() => existsSync(join(app, "rounds/round-0002"))).toBe(true);
    const replies = [1, 2].map((round) => {
      const about = readFileSync(join(app, `rounds/round-000${round}/federated.json`), "utf8");
      return (JSON.parse(about) as { replies: number }).replies;
    });
    expect(replies).toEqual([1, 2]);
    const trained = events.filter((event) => event.type === "trained");
    expect(trained.map(({ round }) => round)).toEqual([1, 2]);
  },
);
