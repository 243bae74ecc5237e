import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { type Outcome, project } from "./fixture.js";

/** The program as it is published. */
export const program = join(project, "dist/cli.js");

/** What a process did. */
export interface ProcessOutcome extends Outcome {
  readonly signal: string | null;
}

/** Runs any program in a process of its own; `watch` is given the process, and sees all of its output so far. */
export function runProcess(
  [file, ...args]: readonly [string, ...string[]],
  cwd: string,
  watch: (text: string, child: ChildProcess) => void = () => {},
): Promise<ProcessOutcome> {
  const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  watch("", child);
  child.stdout.setEncoding("utf8").on("data", (text: string) => watch((out += text), child));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? -1, out, err, signal }));
  });
}

/** Runs the program in a process of its own. */
export function lowrankProcess(
  args: readonly string[],
  cwd: string,
  watch?: (text: string, child: ChildProcess) => void,
): Promise<ProcessOutcome> {
  return runProcess([process.execPath, program, ...args], cwd, watch);
}
