import { parentPort, workerData } from "node:worker_threads";
import { kinds } from "./kinds.js";

/** Makes a file of a kind, reads it, and tells what was thrown, or null. */
const [group, name] = workerData as [keyof typeof kinds, string];
const { make, read } = kinds[group][name]!;
const made = make();
let thrown: string | null = null;
try {
  await read(made);
} catch (error) {
  thrown = String(error);
}
parentPort!.postMessage(thrown);
