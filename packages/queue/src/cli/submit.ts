import type { Command } from "commander";
import { readFile } from "node:fs/promises";
import { ConfigError } from "lowrank";
import { type AnyJobSpec, checkOptions, isJsonObject, parseJsonObject } from "lowrank/extension";
import {
  absolutePath,
  addSpecOptions,
  freshSettings,
  type Session,
  type SettingsOptions,
  whole,
  withAbsolutePaths,
} from "lowrank/extension/cli";
import type { JobQueue, SubmitOptions } from "../index.js";
import { takeSubmission } from "../jobs/submission.js";
import { addQueueOptions, type QueueOptions, withQueue } from "./queue-options.js";

const EXAMPLES = `
A file of jobs has one JSON object per line: {"spec": {"data": …, "steps": …}, "out": …, "id": …, "priority": …}. Workers read the
paths in it and in the options, so all workers must reach these folders. Addresses (https://, s3://) work too.
--threads and --build set the job's engine; with "auto" it is the worker's. A worker without such an engine leaves the job to another one, and writes
this to its log.
To repeat a training, for example each night, use another --id and another --out: existing jobs and results stay.

Examples:
  lowrank submit --data /data/reviews.csv --steps 200 --out /runs/reviews --queue redis://127.0.0.1:6379
  lowrank submit --task tokens --data /data/train.conll --out /runs/names --queue redis://127.0.0.1:6379
  lowrank submit --task chat --data /data/conversations.jsonl --model /models/SmolLM2.gguf --gguf --out /runs/chat --queue redis://127.0.0.1:6379
  lowrank submit --jobs tenants.jsonl --queue postgres://lowrank@127.0.0.1/jobs
`;

interface SubmitCommandOptions extends SettingsOptions, QueueOptions {
  readonly jobs?: string;
  readonly out?: string;
  readonly id?: string;
  readonly priority: number;
  readonly attempts: number;
  readonly deadline?: number;
}

interface Submitted {
  readonly spec: AnyJobSpec;
  readonly out: string;
  readonly options: SubmitOptions;
}

/** `lowrank submit`: adds trainings to a queue. */
export function defineSubmit(program: Command, session: Session): void {
  const command = program.command("submit").description("add a training, or a file of trainings, to a queue");
  addSpecOptions(command);
  command.optionsGroup("The job:");
  command
    .option("--jobs <file>", "submit many jobs instead, one JSON object per line")
    .option("--out <place>", "folder, or s3://bucket/folder, for the job's checkpoints and result");
  addQueueOptions(command)
    .option("--id <name>", "name of the job; a second job with the same name is not added (default: a number)")
    .option("--priority <n>", "smaller numbers run first", whole(1), 1_000)
    .option("--attempts <n>", "number of attempts before the job fails", whole(1), 3)
    .option("--deadline <seconds>", "the job fails if it has not ended after this time", whole(1))
    .addHelpText("after", EXAMPLES)
    .action(async (options: SubmitCommandOptions) => {
      if (options.jobs !== undefined) refuseBeside(command);
      const jobs = options.jobs === undefined ? [one(options)] : await readJobs(options.jobs, options);
      await withQueue(options, session, (queue) => submitAll(queue, jobs, session));
    });
}

async function submitAll(queue: JobQueue, jobs: readonly Submitted[], { terminal }: Session): Promise<void> {
  for (const { spec, out, options } of jobs) {
    const there = options.id === undefined ? null : await queue.get(options.id);
    terminal.print(await queue.submit({ spec, out }, options));
    if (there !== null)
      terminal.error(
        `${there.id}: a job with this name is already in the queue (${there.state}); no second one was added`,
      );
  }
}

/** Options that are allowed with a file of jobs. */
const WITH_JOBS = ["jobs", "queue", "queueName", "priority", "attempts", "deadline", "debug"];

/** Throws `ConfigError` for options that each line of the file sets itself. */
function refuseBeside(command: Command): void {
  const strange = command.options.find((option) => {
    const name = option.attributeName();
    return !WITH_JOBS.includes(name) && command.getOptionValueSource(name) === "cli";
  });
  if (strange === undefined) return;
  const option = strange.long!;
  throw new ConfigError(`${option} has no effect with --jobs: each line has its own settings`, { option });
}

/** The job settings in the options. */
function common({ priority, attempts, deadline }: SubmitCommandOptions): SubmitOptions {
  return {
    priority,
    attempts,
    ...(deadline === undefined ? {} : { deadline: new Date(Date.now() + 1000 * deadline) }),
  };
}

function one(options: SubmitCommandOptions): Submitted {
  const missing = () => {
    throw new ConfigError("--data <file> with the training examples, or --jobs <file>, is required", {
      option: "--data",
    });
  };
  const spec = freshSettings(options, missing);
  if (options.out === undefined)
    throw new ConfigError("--out <folder> for the job's result is required", {
      option: "--out",
    });
  const { id } = options;
  return {
    spec,
    out: absolutePath(options.out),
    options: { ...common(options), ...(id === undefined ? {} : { id }) },
  };
}

/** Checks all lines before the first job is submitted. */
async function readJobs(file: string, given: SubmitCommandOptions): Promise<readonly Submitted[]> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new ConfigError(`--jobs ${file}: ${cause.message}`, { file }, { cause });
  });
  /** The line of each id and place. */
  const named = new Map<string, number>();
  const lines = text.split(/\r?\n/).map((line, i) => ({ line, number: i + 1 }));
  const jobs = lines
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, number }) => {
      const what = `--jobs ${file}, line ${number}`;
      const details = { file, line: number };
      const job = readJob(line, what, details, given);
      for (const [field, name] of Object.entries({ id: job.options.id, out: job.out })) {
        const before = name === undefined ? undefined : named.get(`${field} ${name}`);
        if (before !== undefined)
          throw new ConfigError(
            `${what}: ${field} ${name} is already used in line ${before}: each job needs its own`,
            details,
          );
        named.set(`${field} ${name}`, number);
      }
      return job;
    });
  if (jobs.length > 0) return jobs;
  throw new ConfigError(`--jobs ${file}: the file has no jobs`, { file });
}

function readJob(line: string, what: string, details: Record<string, unknown>, given: SubmitCommandOptions): Submitted {
  const fail = (problem: string) => new ConfigError(`${what}: ${problem}`, details);
  const job = parseJsonObject(new TextEncoder().encode(line), fail);
  checkOptions(what, job, ["spec", "out", "id", "priority"]);
  const { spec, out, id, priority } = job;
  if (spec === undefined || !isJsonObject(spec) || typeof spec["data"] !== "string" || typeof out !== "string")
    throw fail('expected {"spec": {"data": …}, "out": …}');
  const submitted: Submitted = {
    spec: withAbsolutePaths(spec as unknown as AnyJobSpec),
    out: absolutePath(out),
    options: {
      ...common(given),
      ...(id === undefined ? {} : { id: id as string }),
      ...(priority === undefined ? {} : { priority: priority as number }),
    },
  };
  takeSubmission(what, { spec: submitted.spec, out: submitted.out }, submitted.options);
  return submitted;
}
