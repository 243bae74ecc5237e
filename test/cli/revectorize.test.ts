import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const cli = join(import.meta.dirname, "../../dist/cli.js");

it("--revectorize is tried first, and refused by name where Node has no revectorizer", async () => {
  const run = promisify(execFile)("node", [cli, "embed", "--revectorize", "--model", "no-such-folder/", "x"]);
  const outcome = await run.catch((error: { stderr: string }) => error);
  const old = Number(process.versions.node.split(".")[0]) < 22;
  // Where there is one, the command goes on to its next mistake.
  expect(outcome.stderr).toMatch(old ? /has no revectorizer; Node 22 and later have one/ : /no-such-folder/);
});
