import { runFolds } from "../../../jobs/run-folds.js";
import { runJob } from "../../../jobs/run-job.js";
import { runStatus, unfinishedSpec } from "../../../jobs/stored-runs.js";
import { trainRounds } from "../../../jobs/task-rounds.js";
import { keptSources } from "../../../training/sources/kept-sources.js";
import { type OpfsStore, opfsStore } from "../../../training/store/opfs-store.js";
import { roundsCall } from "../../rounds-call.js";
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
    trainRounds: trainRounds as AnyFunction,
    unfinishedSpec: unfinishedSpec as AnyFunction,
  },
  calls: { trainRounds: roundsCall },
  makers: { "OPFS store": opfsStore, "kept sources": keptSources },
};
