// A thread that trains: one job from its folder, told of by messages.
import { join, sep } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { folderStore, runJob } from "lowrank/jobs";

const abort = new AbortController();
parentPort.on("message", () => abort.abort());
try {
  const { report } = await runJob(workerData.spec, folderStore(workerData.run), {
    signal: abort.signal,
    onProgress: (event) => parentPort.postMessage({ event: plain(event) }),
  });
  parentPort.postMessage({ end: { state: "done", accuracy: report.result.after.accuracy } });
} catch (error) {
  const { name, code = "INTERNAL" } = error;
  // Clients know of no folders here.
  const message = error.message.replaceAll(join(workerData.run, "..", sep), "");
  parentPort.postMessage({ end: { state: name === "AbortError" ? "aborted" : "failed", error: { code, message } } });
}
parentPort.close();

/** What clients are told: no paths of this machine. */
function plain(event) {
  if (event.type === "progress") return event;
  if (event.type === "ready") return { type: "ready", steps: event.job.steps, resumedAfter: event.job.resumedAfter };
  if (event.type === "checkpoint" || event.type === "evaluation") return event;
  return { type: event.type };
}
