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
A file of jobs holds a JSON object a line: {"spec": {"data": …, "steps": …}, "out": …, "id": …, "priority": …}. Paths in it, and
those of the options, are read by the workers: all of them must reach those folders. Addresses of https:// and s3:// stay as they are.
--threads and --build say with which engine a job is trained, whatever those of the worker are; "auto" is the worker's own. A worker that has no
such engine leaves the job to one that has, and its log says so.
A training that is to be done again, each night say, needs another --id and another --out: what is there already stays.

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

/** `lowrank submit`: gives trainings to a queue. */
export function defineSubmit(program: Command, session: Session): void {
  const command = program.command("submit").description("give a training to a queue, or a file of them");
  addSpecOptions(command);
  command.optionsGroup("The job:");
  command
    .option("--jobs <file>", "many jobs instead, a JSON object a line")
    .option("--out <place>", "folder for the job's checkpoints and its result, or s3://bucket/folder");
  addQueueOptions(command)
    .option("--id <name>", "the job's name; a second job of one name is not taken (default: a number)")
    .option("--priority <n>", "smaller numbers first", whole(1), 1_000)
    .option("--attempts <n>", "how often it is tried before it counts as failed", whole(1), 3)
    .option("--deadline <seconds>", "it fails if it is not done by then", whole(1))
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
        `${there.id}: a job of this name is in the queue already, ${there.state}; no second one was taken`,
      );
  }
}

/** What may be given with a file of jobs. */
const WITH_JOBS = ["jobs", "queue", "queueName", "priority", "attempts", "deadline", "debug"];

/** Throws `ConfigError` for options that the lines of a file say themselves. */
function refuseBeside(command: Command): void {
  const strange = command.options.find((option) => {
    const name = option.attributeName();
    return !WITH_JOBS.includes(name) && command.getOptionValueSource(name) === "cli";
  });
  if (strange === undefined) return;
  const option = strange.long!;
  throw new ConfigError(`${option} says nothing of the jobs of --jobs: each line has its own settings`, { option });
}

/** What the options say of every job. */
function common({ priority, attempts, deadline }: SubmitCommandOptions): SubmitOptions {
  return {
    ...{ priority, attempts },
    ...(deadline === undefined ? {} : { deadline: new Date(Date.now() + 1000 * deadline) }),
  };
}

function one(options: SubmitCommandOptions): Submitted {
  const missing = () => {
    throw new ConfigError("--data names the examples to learn from, or --jobs a file of jobs", { option: "--data" });
  };
  const spec = freshSettings(options, missing);
  if (options.out === undefined)
    throw new ConfigError("--out says which folder the job's result goes to", {
      option: "--out",
    });
  const { id } = options;
  return {
    spec,
    out: absolutePath(options.out),
    options: { ...common(options), ...(id === undefined ? {} : { id }) },
  };
}

/** Every line is looked at, whole, before one is submitted. */
async function readJobs(file: string, given: SubmitCommandOptions): Promise<readonly Submitted[]> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new ConfigError(`--jobs ${file}: ${cause.message}`, { file }, { cause });
  });
  /** In which line an id, or a place, was named. */
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
          throw new ConfigError(`${what}: ${field} ${name} is that of line ${before}: each job has its own`, details);
        named.set(`${field} ${name}`, number);
      }
      return job;
    });
  if (jobs.length > 0) return jobs;
  throw new ConfigError(`--jobs ${file}: there is no job in it`, { file });
}

function readJob(line: string, what: string, details: Record<string, unknown>, given: SubmitCommandOptions): Submitted {
  const fail = (problem: string) => new ConfigError(`${what}: ${problem}`, details);
  const job = parseJsonObject(new TextEncoder().encode(line), fail);
  checkOptions(what, job, ["spec", "out", "id", "priority"]);
  const { spec, out, id, priority } = job;
  if (spec === undefined || !isJsonObject(spec) || typeof spec["data"] !== "string" || typeof out !== "string")
    throw fail('{"spec": {"data": …}, "out": …} is expected');
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
