import type { Job, Queue } from "bullmq";
import { outcomeIn } from "../jobs/queued-job.js";
import type { Flows } from "../queue-engine.js";
import type { TrainingOutcome } from "../run-attempt.js";
import { best } from "./halving.js";
import { jobNames, type Stage, stageFlow } from "./stage-flow.js";
import { choiceLoss } from "./trial-losses.js";

/**
 * Ends a stage of a sweep after its trainings: submits the next stage, with the best settings, in one atomic step. A
 * stage that an earlier worker ended before it died is not submitted again.
 */
export async function endStage(
  job: Job,
  { plan, place, stage, choices, names }: Stage,
  queue: Pick<Queue, "name" | "getJob">,
  flows: Pick<Flows, "add">,
): Promise<TrainingOutcome> {
  const jobs = jobNames({ plan, place });
  const ended = Object.entries(await job.getChildrenValues<unknown>());
  const trials = plan.trials.map(({ name, choice }) => {
    const outcome = outcomeIn(ended.find(([key]) => key.endsWith(`:${jobs.training(name, stage)}`))?.[1]);
    return { name, choice, measured: outcome?.measured ?? [], error: outcome === null ? "failed" : null };
  });
  const { until } = plan.rungs[stage]!;
  const lossOf = (choice: number) => choiceLoss(trials, choice, until);
  const next = plan.rungs[stage + 1];
  if (next !== undefined && !(await queue.getJob(jobs.stage(stage + 1)))) {
    const kept = best(choices, lossOf, next.settings);
    const left = trials.filter(({ name, choice, error }) => names.includes(name) && kept.includes(choice) && !error);
    const following = { plan, place, stage: stage + 1, choices: kept, names: left.map(({ name }) => name) };
    await flows.add(stageFlow(queue.name, following));
  }
  const lowest = Math.min(...choices.map(lossOf));
  return {
    out: place,
    accuracy: null,
    steps: until,
    measured: [],
    loss: Number.isFinite(lowest) ? lowest : null,
    finished: next === undefined,
  };
}
