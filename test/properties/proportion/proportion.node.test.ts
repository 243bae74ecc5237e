// @rest growth
import { beforeAll, describe, expect, it } from "vitest";
import { inThread, threadModule } from "../../setup/thread.js";
import { MOST_STEPS } from "./kind.js";
import { kinds } from "./kinds.js";
import type { Outcome } from "./worker.js";

let worker: string;
beforeAll(async () => {
  worker = await threadModule("test/properties/proportion/worker.ts");
});

// The machine's speed decides nothing: what takes more than proportion does not come to its end in the test's own time.
describe.each(Object.entries(kinds))("time is in proportion to the size of %s:", (group, members) => {
  it.for(Object.keys(members))("%s", async (name, { signal }) => {
    const { thrown, stepsPerPart } = await inThread<Outcome>(worker, [group, name], signal);
    const { parts, throws } = members[name]!;
    if (throws === undefined) expect(thrown).toBe(null);
    else expect(thrown).toMatch(throws);
    expect(thrown?.length ?? 0).toBeLessThan(1600);
    if (parts !== undefined) {
      expect(stepsPerPart).toBeGreaterThan(1);
      expect(stepsPerPart).toBeLessThan(MOST_STEPS);
    }
  });
});
