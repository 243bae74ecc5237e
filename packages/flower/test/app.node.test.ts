// @rest services
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Fixture, lowrank, makeFixture } from "../../../test/cli/fixture.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

const app = (folder: string) => lowrank(["flower", "app", folder, "--model", fixture.model, "--labels", "bad,good"]);

it("an app's folder that something is written into meanwhile stays, and nothing is left beside it", async () => {
  const folder = fixture.path("apps", "app");
  mkdirSync(folder, { recursive: true });
  const appears = watch(dirname(folder), () => {
    if (!existsSync(join(folder, "mine.txt"))) writeFileSync(join(folder, "mine.txt"), "mine");
  });
  const { code, err } = await app(folder).finally(() => appears.close());
  expect([code, err]).toEqual([1, expect.stringMatching(/something was written there meanwhile, which stays/)]);
  expect(readFileSync(join(folder, "mine.txt"), "utf8")).toBe("mine");
  expect(readdirSync(folder)).toEqual(["mine.txt"]);
  expect(readdirSync(dirname(folder))).toEqual(["app"]);
});

it("a folder that is not empty is named as the command has it", async () => {
  const folder = fixture.path("full");
  mkdirSync(folder);
  writeFileSync(join(folder, "mine.txt"), "mine");
  const { code, err } = await app(folder);
  expect([code, err]).toEqual([
    1,
    `error: <folder> ${folder} exists and is not empty: choose another folder, or remove it first\n`,
  ]);
});

it("an app takes the place of an empty folder", async () => {
  const folder = fixture.path("empty");
  mkdirSync(folder);
  expect((await app(folder)).code).toBe(0);
  expect(readdirSync(folder)).toContain("pyproject.toml");
});
