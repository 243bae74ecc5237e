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

/** The mark that a process of this machine would have made; `namespace` is another one's for another container. */
export function markOf(processId: number, start = "0", namespace = parseMark(ownMark())!.namespace): string {
  const { machine } = parseMark(ownMark())!;
  return `${machine}-${namespace}-${processId}-${start}-00000000`;
}
