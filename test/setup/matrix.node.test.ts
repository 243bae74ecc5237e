import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { filesOfProjects, knownTags, namesOf, type Part, tags } from "../projects.js";

const allFiles = namesOf({ include: ["{test,packages/*/test}/**/*.test.ts"], exclude: [] });

/** The test files of a part, each with its project, as vitest itself finds them. */
async function listed(part: Part): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-matrix-"));
  try {
    const file = join(folder, "list.json");
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const env = { ...process.env, LOWRANK_TESTS: part, VITEST: undefined };
    execFileSync(process.execPath, [vitest, "list", "--filesOnly", `--json=${file}`], { cwd: root, env });
    const found = JSON.parse(await readFile(file, "utf8")) as { projectName: string; file: string }[];
    return found.map(({ projectName, file }) => `${projectName} ${file}`).sort();
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("npm test and the rest of the matrix", () => {
  it("together run every test file in every project of the matrix, and none twice", { timeout: 600_000 }, async () => {
    const [quick, rest, all] = await Promise.all([listed("quick"), listed("rest"), listed("all")]);
    expect(quick.length).toBeGreaterThan(300);
    expect(rest.length).toBeGreaterThan(300);
    expect(new Set(all).size).toBe(all.length);
    expect([...quick, ...rest].sort()).toEqual(all);
  });

  it("do so on a machine that lacks what some tests need", () => {
    const pairs = (part: Part) =>
      Object.entries(filesOfProjects(part, ["browser", "disks", "linux", "unix"])).flatMap(([project, files]) =>
        namesOf(files).map((name) => `${project} ${name}`),
      );
    expect([...pairs("quick"), ...pairs("rest")].sort()).toEqual(pairs("all").sort());
  });

  it("know every word of a tag, and every word is used", () => {
    for (const tag of ["needs", "rest"] as const) {
      const used = new Set(tags.flatMap((file) => file[tag]));
      expect([...used].sort()).toEqual([...knownTags[tag]].sort());
    }
  });

  it("find every tag: one below the first lines would have no effect", async () => {
    for (const { name, needs, rest } of tags) {
      const source = await readFile(join(root, name), "utf8");
      const lines = source.match(/^\/\/ @(?:needs|rest) .+$/gm) ?? [];
      expect(lines.flatMap((line) => line.split(" ").slice(2))).toEqual([...needs, ...rest]);
    }
  });

  it("skip no test: what is left out is a file that says so in a tag", async () => {
    const skips = /\.(?:skip|skipIf|runIf|todo|only|fails)\s*[.(<]|\bLOWRANK_TESTS"\]/;
    const files = allFiles.filter((name) => name !== "test/setup/matrix.node.test.ts");
    const sources = await Promise.all(files.map((name) => readFile(join(root, name), "utf8")));
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((_, i) => skips.test(sources[i]!))).toEqual([]);
  });
});

describe("a test that fails, and passes when it runs once more", () => {
  /** A check of two tests of which one fails, and passes in the run of its file alone. */
  const program = `
    import { runChecks } from "./scripts/checks/run.mjs";
    const counted = (passed, failed, names) => ({ passed, failed, skipped: 0, names });
    const alone = () => ({ name: "race-alone", command: ["node", "-e", ""], count: () => counted(1, 0, []) });
    const command = ["node", "-e", "process.exit(1)"];
    const count = () => counted(1, 1, ["a.test.ts: a race: too late"]);
    const { passed, failed, unsteady } = await runChecks([{ name: "race", command, count, alone }], 1);
    console.log(JSON.stringify({ passed, failed, unsteady }));`;
  const unsteady = ["race a.test.ts: a race: too late"];

  it.each([
    ["is red in CI", "true", { passed: 1, failed: 1, unsteady }],
    ["is listed elsewhere", undefined, { passed: 2, failed: 0, unsteady }],
  ])("%s", (_, CI, outcome) => {
    const options = { cwd: root, encoding: "utf8", env: { ...process.env, CI } } as const;
    const out = execFileSync(process.execPath, ["--input-type=module", "--eval", program], options);
    expect(JSON.parse(out.trim().split("\n").at(-1)!)).toEqual(outcome);
  });
});
