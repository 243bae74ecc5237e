import { runFolds } from "../../../jobs/run-folds.js";
import { runJob } from "../../../jobs/run-job.js";
import { runStatus, unfinishedSpec } from "../../../jobs/stored-runs.js";
import { keptSources } from "../../../training/sources/kept-sources.js";
import { type OpfsStore, opfsStore } from "../../../training/store/opfs-store.js";
import type { AnyFunction, Family } from "./family.js";

export { addresses, provideJobSources } from "../../../training/sources/job-sources.js";

/** Runs, and where the browser keeps them. */
export const jobs: Family = {
  functions: {
    "opfsStore.discard": (store) => (store as OpfsStore).discard(),
    "opfsStore.files": (store) => (store as OpfsStore).files(),
    runFolds: runFolds as AnyFunction,
    runJob: runJob as AnyFunction,
    runStatus: runStatus as AnyFunction,
    unfinishedSpec: unfinishedSpec as AnyFunction,
  },
  makers: { "OPFS store": opfsStore, "kept sources": keptSources },
};
