import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The process that made a file, from the file's name: `<machine>-<namespace>-<process>-<start>-<random>`. */
export interface ProcessMark {
  /** Hash of the machine's boot id on Linux, of its name elsewhere. */
  readonly machine: string;
  /** The pid namespace's number, such as a container's: process numbers are unique in it. "0" if the system has none. */
  readonly namespace: string;
  readonly processId: number;
  /** Start time of the process in the system's units; "0" if unknown. */
  readonly start: string;
}

const MARK = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,10})-(\d{1,20})-[0-9a-f]{8}$/;

const read = (file: () => string): string => {
  try {
    return file().trim();
  } catch {
    // Only Linux says.
    return "";
  }
};

const bootId = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
const pidNamespace = /\d+/.exec(read(() => readlinkSync("/proc/self/ns/pid")))?.[0] ?? "0";

/**
 * A machine that was started again counts processes from 1 as before, so its boot id names it. Containers on it have the same boot id, often
 * the same process numbers, and other names after each start. Without a boot id, the namespace is part of the machine: two machines may have one name.
 */
const machine = createHash("sha256")
  .update(bootId === "" ? `${hostname()}\n${pidNamespace}` : bootId)
  .digest("hex")
  .slice(0, 12);
const namespace = bootId === "" ? "0" : pidNamespace;

/** Whether this machine may have containers with process numbers of their own. */
export const hasContainers = namespace !== "0";

/** Start time of a process in ticks of the system's clock; "0" if unknown. */
function startOf(processId: number | "self"): string {
  return statusOf(processId)[19] ?? "0";
}

/** The system's fields about a process, from its state on; one empty field if there are none. */
function statusOf(processId: number | "self"): string[] {
  const status = read(() => readFileSync(`/proc/${processId}/stat`, "utf8"));
  // The second field is the program's name, which may hold anything, in parentheses; the 22nd is the start.
  return status.slice(status.lastIndexOf(")") + 2).split(" ");
}

const ownStart = startOf("self");

/** A mark of this process, another one each time. */
export const ownMark = () => `${machine}-${namespace}-${process.pid}-${ownStart}-${randomBytes(4).toString("hex")}`;

/** A parsed mark; null if it is invalid, or of another version. */
export function parseMark(text: string): ProcessMark | null {
  const parts = MARK.exec(text);
  if (parts === null) return null;
  return { machine: parts[1]!, namespace: parts[2]!, processId: Number(parts[3]), start: parts[4]! };
}

/** State of the process that made a mark. "container": it belongs to another container of this machine; "unknown": to another machine. */
export function stateOf(mark: ProcessMark | null): "own" | "running" | "gone" | "container" | "unknown" {
  if (mark === null || mark.machine !== machine) return "unknown";
  if (mark.namespace !== namespace) return "container";
  if (mark.processId === process.pid && mark.start === ownStart) return "own";
  if (!isRunning(mark.processId)) return "gone";
  // Another process may have the number now.
  const start = startOf(mark.processId);
  return start === "0" || mark.start === "0" || start === mark.start ? "running" : "gone";
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    // A zombie: dead, but its number is not free yet.
    return !/^[ZX]$/.test(statusOf(processId)[0]!);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
