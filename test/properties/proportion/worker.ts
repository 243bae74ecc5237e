import { parentPort, workerData } from "node:worker_threads";
import { countWork } from "./counted-work.js";
import { kinds } from "./kinds.js";

/** What came of reading a file. */
export interface Outcome {
  /** What was thrown, or null. */
  readonly thrown: string | null;
  /** Steps for each of the file's parts; 0 where they are not counted. */
  readonly stepsPerPart: number;
}

/** Makes a file of a kind, reads it, and tells what came of it. */
const [group, name] = workerData as [keyof typeof kinds, string];
const { make, read, parts } = kinds[group][name]!;
const made = make();
let thrown: string | null = null;
const end = parts === undefined ? () => 0 : countWork();
try {
  await read(made);
} catch (error) {
  thrown = String(error);
}
parentPort!.postMessage({ thrown, stepsPerPart: end() / (parts ?? 1) } satisfies Outcome);
