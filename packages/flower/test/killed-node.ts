import { spawn } from "node:child_process";
import { once } from "node:events";
import { project } from "../../../test/cli/fixture.js";

/** A program that says what happens, and goes no further than its first step. */
const program = (options: object) => `
import { writeSync } from "node:fs";
import { joinFederation } from "@lowrank/flower";
const onEvent = ({ type }) => {
  writeSync(1, type + "\\n");
  if (type === "step") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
await joinFederation({ ...${JSON.stringify(options)}, onEvent });`;

/** A node as a process, which is killed at its first step, before it can answer. */
export function killedNode(
  server: string,
  job: object,
): { readonly joined: Promise<void>; readonly gone: Promise<void> } {
  const child = spawn("node", ["--input-type=module", "--eval", program({ server, job })], { cwd: project });
  let join!: () => void;
  const joined = new Promise<void>((resolve) => (join = resolve));
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => {
    said += bytes.toString();
    if (said.includes("joined")) join();
    if (said.includes("step")) child.kill("SIGKILL");
  });
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const gone = once(child, "exit").then(([, by]: unknown[]) => {
    if (by !== "SIGKILL") throw new Error(`it was not killed: ${said}`);
  });
  return { joined: Promise.race([joined, gone]), gone };
}
