import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { projectPath } from "../../setup/files.js";

const run = (...args: string[]) => promisify(execFile)("node", [projectPath("scripts/fuzz/programs.mjs"), ...args]);

it("the command runs programs of a seed, shows them and explains itself", async () => {
  const { stdout } = await run("--seed", "5", "--count", "3", "--refusals", "2");
  expect(stdout).toMatch(/3 programs, \d+ statements, 6 refused requests/);
  const { stdout: shown } = await run("--seed", "5", "--show");
  expect(JSON.parse(shown)).toMatchObject({ seed: 5 });
  const { stdout: help } = await run("--help");
  for (const option of ["--seed", "--count", "--seconds", "--torch"]) expect(help).toContain(option);
  await expect(run("--count", "many")).rejects.toThrow(/--count takes a number/);
});
