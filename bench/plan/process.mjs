import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill()));

/**
 * Runs a script and hands over what it prints, one JSON object a line. Lines that are none (peers greet and warn) are
 * dropped; where the script fails, its last words come as a message.
 */
export async function runScript(command, args, onResult) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let complaints = "";
  child.stderr.on("data", (chunk) => (complaints = (complaints + chunk).slice(-2000)));
  const code = new Promise((resolve) => child.on("close", resolve).on("error", () => resolve(1)));
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith("{")) onResult(JSON.parse(line));
  const ended = await code;
  running.delete(child);
  if (ended !== 0) onResult({ message: `${args.at(-2) ?? command} failed: ${complaints.trim().slice(-500)}` });
}
