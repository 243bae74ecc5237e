import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

it("finetune --folds prints each fold, mean and deviation, and writes folds.json", async () => {
  const folder = fixture.path("folds");
  const { code, out } = await lowrank([...shortRun(fixture, folder), "--folds", "2"]);
  expect(code).toBe(0);
  expect(out).toMatch(/fold 2 +20 +\d+\.\d % +\d+\.\d %/);
  expect(out).toMatch(/mean ± deviation +\d+\.\d % ± \d+\.\d/);
  expect(out).toMatch(/all 40 texts: accuracy \d+\.\d % \(/);
  expect(readdirSync(folder)).toEqual(["folds.json"]);
  expect(JSON.parse(readFileSync(fixture.path("folds", "folds.json"), "utf8")).folds).toHaveLength(2);
});

it("finetune with --test-split and --patience says which step was kept", async () => {
  const options = ["--test-split", "0.2", "--evaluate-every", "4", "--patience", "3", "--class-weights", "good=2"];
  const { code, out } = await lowrank([
    ...shortRun(fixture, fixture.path("kept")),
    ...options,
    "--sampling",
    "balanced",
  ]);
  expect(code).toBe(0);
  expect(out).toMatch(/Kept: step (0|4|8|12), with the lowest loss on the validation, \d\.\d{3}/);
  expect(out).not.toMatch(/which flatters it/);
  const { settings, result } = JSON.parse(readFileSync(fixture.path("kept", "report.json"), "utf8"));
  expect(settings).toMatchObject({ patience: 3, classWeights: { good: 2 }, sampling: "balanced" });
  expect(result.measuredOn).toBe("test");
});
