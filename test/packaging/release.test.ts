import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problems } from "../../scripts/release/problems.mjs";
import { root } from "../../scripts/setup/paths.mjs";

/** What `npm publish` would send. */
function publishedFiles(): string[] {
  const options = ["publish", "--dry-run", "--ignore-scripts", "--json", "--access", "public"];
  // The package's name stands around the report in newer versions of npm.
  const report = JSON.parse(execFileSync("npm", options, { cwd: root, encoding: "utf8", stdio: "pipe" }));
  const { files } = (report.files ? report : Object.values(report)[0]) as { files: { path: string }[] };
  return files.map(({ path }) => path);
}

it("a dry run of npm publish sends what the exports name, notices and licences", () => {
  const files = publishedFiles();
  const wanted = ["package.json", "README.md", "LICENSE", "dist/THIRD-PARTY-NOTICES.txt", "dist/worker-browser.js"];
  expect(files).toEqual(expect.arrayContaining(wanted));
  expect(
    files.filter((path) =>
      /^(ts\/(?!\w+\/README)|test\/|scripts\/(?!peft\/check_peft|recipes\/datasets\/README)|crates\/|\.github\/|\.changeset\/)/.test(
        path,
      ),
    ),
  ).toEqual([]);
});

describe("what keeps a package from being published", () => {
  let folder: string;
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const repository = { type: "git", url: "git+https://example.invalid/lowrank.git" };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lowrank-release-"));
    mkdirSync(join(folder, ".changeset"));
    write(".changeset/README.md", "");
    write("CHANGELOG.md", "## 1.2.3\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is nothing where all is in place", () => {
    write("package.json", JSON.stringify({ version: "1.2.3", repository }));
    expect(problems({ folder, tag: "v1.2.3" })).toEqual([]);
  });

  it("is a package beside it of another version, or from another repository", () => {
    write("package.json", JSON.stringify({ version: "1.2.3", repository, workspaces: ["web"] }));
    mkdirSync(join(folder, "web"));
    write("web/package.json", JSON.stringify({ name: "@lowrank/studio", version: "1.2.2" }));
    expect(problems({ folder, tag: "v1.2.3" })).toEqual([
      expect.stringContaining("@lowrank/studio has the version 1.2.2"),
      expect.stringContaining('web/package.json has another "repository"'),
    ]);
  });

  it("is no repository, another tag, a change without a version, no part of the changelog", () => {
    write("package.json", JSON.stringify({ version: "1.2.4" }));
    write(".changeset/brave-cats.md", "");
    expect(problems({ folder, tag: "v1.2.3" })).toEqual([
      expect.stringContaining('no "repository"'),
      expect.stringContaining("tag v1.2.4"),
      expect.stringContaining("brave-cats.md"),
      expect.stringContaining('"## 1.2.4"'),
    ]);
  });
});

describe("workflow files", () => {
  const validator = join(root, "node_modules/@action-validator/cli/cli.mjs");
  const check = (file: string) => execFileSync(process.execPath, [validator, file], { cwd: root, stdio: "pipe" });
  const names = readdirSync(join(root, ".github/workflows"));

  it.each(names)("%s is one", (name) => {
    expect(() => check(join(".github/workflows", name))).not.toThrow();
  });

  it("are refused where they are none", () => {
    const folder = mkdtempSync(join(tmpdir(), "lowrank-workflow-"));
    try {
      const file = join(folder, "wrong.yml");
      writeFileSync(file, "name: x\non: [push]\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz: []\n");
      expect(() => check(file)).toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
