#!/usr/bin/env node
import { basename, relative } from "node:path";
import { exitCodes, reportError } from "./exit-codes.js";
import { run } from "./program.js";
import type { Interruption } from "./session.js";
import { Terminal } from "./terminal/terminal.js";

const { stdin: input, stdout: output, stderr: errors, env: environment } = process;
const terminal = new Terminal({ input, output, errors, environment });

const interruption: Interruption = { handler: null };
const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (name === "SIGINT" && interruption.handler?.() === true) return;
    if (interrupt.signal.aborted) {
      // A progress bar may have switched line wrapping off.
      if (errors.isTTY) errors.write("\u001b[?7h\n");
      process.exit(exitCodes.interrupted);
    }
    interrupt.abort(name);
  });
}

/** This program as the user can call it again: "lowrank" where it was found by that name, else by its file. */
function callName(): string {
  const script = process.argv[1]!;
  const shorter = relative(process.cwd(), script);
  if (basename(script) !== "lowrank") return `node ${shorter.length < script.length ? shorter : script}`;
  return environment["npm_command"] === "exec" ? "npx lowrank" : "lowrank";
}

const given = process.argv.slice(2);
try {
  process.exitCode = await run(given, terminal, interrupt.signal, callName(), interruption);
} catch (error) {
  // There is no working folder.
  process.exitCode = reportError(error, terminal, given.includes("--debug"));
}
