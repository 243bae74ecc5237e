import { runs } from "lowrank/extension/cli";
import { defineJobs } from "./jobs.js";
import { defineSubmit } from "./submit.js";
import { defineSweep } from "./sweep.js";
import { defineWorker } from "./worker.js";

/** Runs the command line of queues. */
export const run = runs({
  name: "lowrank-queue",
  description: "Queues of trainings on Redis or PostgreSQL, their workers, and sweeps over settings.",
  commands: [defineSweep, defineSubmit, defineWorker, defineJobs],
});
