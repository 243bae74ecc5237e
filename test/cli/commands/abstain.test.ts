import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { lowrank, makeFixture, shortRun } from "../fixture.js";

it("finetune --abstain keeps a threshold, trains on all rows at the end, and says so; predict and evaluate know of both", async () => {
  const fixture = await makeFixture();
  onTestFinished(() => fixture.remove());
  const run = fixture.path("abstaining");
  const { code, out, err } = await lowrank([...shortRun(fixture, run, 10), "--test-split", "0", "--abstain", "0.5"]);
  expect([code, err]).toEqual([0, expect.any(String)]);
  expect(out).toMatch(/final fit +at the end the saved classifier is trained on all 40 rows, .* up to 13 steps/);
  expect(out).toMatch(/Unsure: predictions below a probability of 0\.\d+, which leaves \d of 8 validation texts/);
  expect(out).toMatch(/Saved: a classifier trained on all 40 rows, in 13 steps; .* had not seen 8 of them/);
  const { threshold } = (
    JSON.parse(readFileSync(join(run, "labels.json"), "utf8")) as { abstain: { threshold: number } }
  ).abstain;
  const asked = await lowrank(["predict", "--run", run, "--json", "a fine day", "bad"]);
  for (const line of asked.out.trim().split("\n")) {
    const { probability, unsure } = JSON.parse(line) as { probability: number; unsure: boolean };
    expect(unsure).toBe(probability < threshold);
  }
  const table = fixture.path("predicted.csv");
  expect((await lowrank(["predict", "--run", run, "--file", fixture.data, "--out", table])).code).toBe(0);
  expect(readFileSync(table, "utf8")).toMatch(/^[^\n]*predicted,probability,unsure\r?\n[^\n]*,(yes|no)\r?\n/);
  // What chose the threshold was trained on afterwards.
  const measured = await lowrank(["evaluate", "--run", run]);
  expect(measured.err).toMatch(/the run was trained on 8 of 8 texts/);
  const refused = await lowrank([...shortRun(fixture, fixture.path("none"), 2), "--abstain", "0.9"]);
  expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/--abstain 0\.9 needs a validation/)]);
});
