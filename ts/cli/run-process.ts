import { basename, relative } from "node:path";
import { exitCodes, reportError } from "./exit-codes.js";
import type { Run } from "./run-program.js";
import type { Interruption } from "./session.js";
import { Terminal } from "./terminal/terminal.js";

/**
 * This process as a program: its arguments, its terminal, Ctrl-C and SIGTERM, its exit code.
 * @param name the program's, as npm installs it
 */
export async function runProcess(name: string, run: Run): Promise<void> {
  const { stdin: input, stdout: output, stderr: errors, env: environment } = process;
  const terminal = new Terminal({ input, output, errors, environment });
  const interruption: Interruption = { handler: null };
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (signal === "SIGINT" && interruption.handler?.() === true) return;
      if (interrupt.signal.aborted) {
        // A progress bar may have switched line wrapping off.
        if (errors.isTTY) errors.write("\u001b[?7h\n");
        process.exit(exitCodes.interrupted);
      }
      interrupt.abort(signal);
    });
  }
  const given = process.argv.slice(2);
  try {
    process.exitCode = await run(given, terminal, interrupt.signal, callName(name), interruption);
  } catch (error) {
    // There is no working folder.
    process.exitCode = reportError(error, terminal, given.includes("--debug"));
  }
}

/** This program as the user can call it again: its name where it was found by that, else its file. */
function callName(name: string): string {
  const script = process.argv[1]!;
  const shorter = relative(process.cwd(), script);
  if (basename(script) !== name) return `node ${shorter.length < script.length ? shorter : script}`;
  return process.env["npm_command"] === "exec" ? `npx ${name}` : name;
}
