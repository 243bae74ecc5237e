import type { FlowJob } from "bullmq";
import { createHash } from "node:crypto";
import { ConfigError } from "lowrank";
import { parseJsonObject, VERSION } from "lowrank/extension";
import { checkPlace } from "../attempts/place-at.js";
import { type Payload, takeTraining, tries } from "../jobs/queued-training.js";
import type { TrialStage } from "./run-trials.js";
import { type SweepPlan, type SweepSpec, takeSweep, untilOf } from "./sweep-plan.js";

/** BullMQ name of the job that ends a stage. It is the parent of the stage's trainings. */
export const STAGE = "stage";

/** A stage of a sweep. */
export interface Stage extends TrialStage {
  readonly plan: SweepPlan;
  /** Place of the sweep's trainings: a folder that every worker reaches, or one in a bucket. */
  readonly place: string;
}

/** A stage's entry in the queue. */
interface StagePayload
  extends Pick<Payload, "version" | "out" | "deadline">, Pick<Stage, "stage" | "choices" | "names"> {
  /** The sweep as JSON text, because PostgreSQL reorders the keys of objects, and the numbers of settings depend on the order. */
  readonly sweep: string;
}

/** Prefix of a sweep's job names. It depends only on the sweep and its place, so that a continued sweep finds its jobs. */
export function jobNames({ plan, place }: Pick<Stage, "plan" | "place">) {
  const hash = createHash("sha256")
    .update(JSON.stringify([place, plan.sweep]))
    .digest("hex")
    .slice(0, 12);
  return {
    stage: (stage: number) => `sweep-${hash}-stage-${stage + 1}`,
    training: (name: string, stage: number) => `sweep-${hash}-${name}-${untilOf(plan, stage) ?? "end"}`,
  };
}

/** A stage as a BullMQ flow: its trainings, followed by the job that continues the best. */
export function stageFlow(queueName: string, { plan, place, stage, choices, names }: Stage): FlowJob {
  const jobs = jobNames({ plan, place });
  const opts = { ...tries(3), priority: 1_000 };
  const until = untilOf(plan, stage);
  const trials = plan.trials.filter(({ name }) => names.includes(name));
  const data: StagePayload = {
    version: VERSION,
    out: place,
    deadline: null,
    sweep: JSON.stringify(plan.sweep),
    stage,
    choices,
    names,
  };
  return {
    name: STAGE,
    queueName,
    data,
    opts: { ...opts, jobId: jobs.stage(stage) },
    children: trials.map(({ name, settings }) => ({
      name: "train",
      queueName,
      data: takeTraining(
        "runSweep",
        { spec: settings, out: `${place}/trials/${name}`, ...(until !== null && { until }) },
        null,
      ),
      // A failed training does not stop the others.
      opts: { ...opts, jobId: jobs.training(name, stage), ignoreDependencyOnFailure: true },
    })),
  };
}

/** Reads a queue's entry, which another program may have written. Throws `ConfigError` if it is not a stage of a sweep. */
export function readStage(what: string, given: unknown): Stage {
  const { out, sweep, stage, choices, names } = Object(given) as Record<keyof StagePayload, unknown>;
  const fail = () => new ConfigError(`${what}: the job is not a stage of a sweep`, { op: what });
  const plan = takeSweep(what, parseJsonObject(new TextEncoder().encode(String(sweep)), fail) as unknown as SweepSpec);
  const place = checkPlace(what, String(out));
  const among = (list: unknown, known: readonly unknown[]) =>
    Array.isArray(list) && list.length <= known.length && list.every((item) => known.includes(item));
  if (
    !plan.rungs.some((_, i) => i === stage) ||
    !among(choices, [...plan.choices.keys()]) ||
    !among(names, plan.trials.map(({ name }) => name)) // prettier-ignore
  )
    throw fail();
  return { plan, place, stage: stage as number, choices: choices as number[], names: names as string[] };
}
