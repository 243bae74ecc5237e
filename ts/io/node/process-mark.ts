import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Who made a file, as its name says: `<place>-<process>-<start>-<random>`. */
export interface ProcessMark {
  /** Where process numbers mean the same: a machine since it was started, and a container on it. */
  readonly place: string;
  readonly processId: number;
  /** Start time of the process in the system's units; "0" if unknown. */
  readonly start: string;
}

const MARK = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-[0-9a-f]{8}$/;

const read = (file: () => string): string => {
  try {
    return file().trim();
  } catch {
    // Only Linux says.
    return "";
  }
};

/**
 * Two containers may have one name and processes of one number, and a machine that was started again counts from 1 as
 * before: so the system's start and the space that its process numbers are of belong to the place.
 */
const place = createHash("sha256")
  .update(
    [
      hostname(),
      read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
      read(() => readlinkSync("/proc/self/ns/pid")),
    ].join("\n"),
  )
  .digest("hex")
  .slice(0, 12);

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
export const ownMark = () => `${place}-${process.pid}-${ownStart}-${randomBytes(4).toString("hex")}`;

/** A parsed mark; null if it is invalid, or of another version. */
export function parseMark(text: string): ProcessMark | null {
  const parts = MARK.exec(text);
  return parts === null ? null : { place: parts[1]!, processId: Number(parts[2]), start: parts[3]! };
}

/** The state of the process that made a mark; unknown for another machine or container. */
export function stateOf(mark: ProcessMark | null): "own" | "running" | "gone" | "unknown" {
  if (mark === null || mark.place !== place) return "unknown";
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
