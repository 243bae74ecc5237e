import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { bundleForThread } from "../../scripts/bundle/for-thread.mjs";
import { root } from "../../scripts/setup/paths.mjs";

/** Bundles a TypeScript module of the tests, named from the project's folder, for threads. Its file. */
export async function threadModule(entry: string): Promise<string> {
  // In the project, where it finds its packages; of this process, since test files run side by side.
  const outfile = join(root, ".cache/threads", `${entry.replaceAll("/", "-")}.${process.pid}.mjs`);
  await bundleForThread(entry, outfile);
  return outfile;
}

/**
 * Runs a module in a thread, with `data`, to the first message that it posts. The signal, a test's own, ends the thread:
 * what computes without end hears no clock, and in the test's thread would stop the whole run.
 */
export async function inThread<T>(file: string, data: unknown, signal: AbortSignal): Promise<T> {
  const worker = new Worker(file, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: 1024 } });
  const end = () => void worker.terminate();
  signal.addEventListener("abort", end, { once: true });
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the thread ended with ${code} and no message`)));
    });
  } finally {
    signal.removeEventListener("abort", end);
    await worker.terminate();
  }
}
