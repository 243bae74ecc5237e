import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { ownMark, parseMark } from "../../../ts/io/node/process-mark.js";

/** A process that does nothing until it is killed. */
export async function idleProcess(): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"]);
  await once(child.stdout, "data");
  onTestFinished(() => void child.kill("SIGKILL"));
  return child as ChildProcess & { pid: number };
}

export async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** This process's mark with another number, which a process of this machine would have made. */
export function markOf(processId: number, start = "0"): string {
  const { place } = parseMark(ownMark())!;
  return `${place}-${processId}-${start}-00000000`;
}
