import { type Command, Option } from "commander";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, writeFilesAtomically } from "lowrank";
import { formatDuration, real, type Session, tableLines } from "lowrank/extension/cli";
import type { JobQueue, QueuedJob } from "../index.js";
import { resultText } from "./result-text.js";
import { addQueueOptions, type QueueOptions, withQueue } from "./queue-options.js";

const EXAMPLES = `
Examples:
  lowrank jobs --queue redis://127.0.0.1:6379
  lowrank jobs --watch
  lowrank jobs --logs tenant-7
  lowrank jobs --fetch tenant-7 --to adapters/tenant-7
  lowrank jobs --cancel tenant-7
  lowrank jobs --forget 30
`;

interface JobsOptions extends QueueOptions {
  readonly watch?: true;
  readonly logs?: string;
  readonly fetch?: string;
  readonly to?: string;
  readonly cancel?: string;
  readonly retry?: string;
  readonly forget?: number;
  readonly metrics?: true;
  readonly json: boolean;
}

const EVERY = 1_000;
const DAY = 24 * 60 * 60 * 1_000;

/** Mutually exclusive options. Without any of them, the jobs are listed. */
const ACTIONS = ["watch", "logs", "fetch", "cancel", "retry", "forget", "metrics"];

function alone(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.conflicts(ACTIONS.filter((name) => name !== option.attributeName()));
}

/** `lowrank jobs`: lists the jobs of a queue, watches and manages them. */
export function defineJobs(program: Command, session: Session): void {
  const command = program
    .command("jobs")
    .description("list the jobs of a queue; watch, cancel and retry them, read logs");
  addQueueOptions(command)
    .addOption(alone("--watch", "refresh the list every second until all jobs have ended"))
    .addOption(alone("--logs <id>", "show the log of a job"))
    .addOption(alone("--fetch <id>", "copy the result of a job to the folder of --to"))
    .option("--to <folder>", "target folder of --fetch; created if needed")
    .addOption(alone("--cancel <id>", "cancel a job; its last checkpoint stays in its place"))
    .addOption(alone("--retry <id>", "retry a failed job"))
    .addOption(
      alone("--forget <days>", "remove jobs that ended more than this many days ago; their results stay").argParser(
        real(0, { closed: true }),
      ),
    )
    .addOption(alone("--metrics", "print metrics of the queue in Prometheus' text format"))
    .addOption(new Option("--json", "print the list as JSON").conflicts(ACTIONS).default(false))
    .addHelpText("after", EXAMPLES)
    .action((options: JobsOptions) => withQueue(options, session, (queue) => act(queue, options, session)));
}

async function act(queue: JobQueue, options: JobsOptions, session: Session): Promise<void> {
  const { terminal } = session;
  const { logs, fetch, cancel, retry, forget, metrics, json, watch } = options;
  if (options.to !== undefined && fetch === undefined)
    throw new ConfigError("--to is the target folder of --fetch: name the job with --fetch", {
      option: "--to",
    });
  if (logs !== undefined) {
    if ((await queue.get(logs)) === null) throw unknown(logs);
    for (const line of await queue.logs(logs)) terminal.print(line);
  } else if (fetch !== undefined) {
    terminal.print(`${await copyResult(queue, fetch, options.to)} files`);
  } else if (cancel !== undefined) {
    if (!(await queue.cancel(cancel))) throw unknown(cancel, " that has not ended");
    terminal.print(`${cancel}: cancelled`);
  } else if (retry !== undefined) {
    if (!(await queue.retry(retry))) throw unknown(retry, " that has failed");
    terminal.print(`${retry}: back in the queue`);
  } else if (forget !== undefined) {
    terminal.print(`${await queue.forget(new Date(Date.now() - forget * DAY))} jobs removed`);
  } else if (metrics) terminal.print((await queue.metrics()).trimEnd());
  else if (watch) await follow(queue, session);
  else {
    const jobs = await queue.list();
    if (json) terminal.print(JSON.stringify(jobs));
    else for (const line of jobs.length === 0 ? ["The queue is empty."] : table(jobs)) terminal.print(line);
  }
}

async function copyResult(queue: JobQueue, id: string, folder: string | undefined): Promise<number> {
  if (folder === undefined) throw new ConfigError("--fetch needs a target folder: --to <folder>", { option: "--to" });
  const files = await queue.files(id);
  if (files === null) throw unknown(id, " that has a result");
  await writeFilesAtomically(folder, files);
  return Object.keys(files).length;
}

/** Shows the table until no job waits or runs. If the output is not a terminal, prints only changes. */
async function follow(queue: JobQueue, { terminal, signal }: Session): Promise<void> {
  // The table goes to stdout, which may be a file.
  const redraws = terminal.canRedraw && terminal.streams.output.isTTY === true;
  let shown = "";
  for (;;) {
    const jobs = await queue.list();
    const now = table(jobs).join("\n");
    if (now !== shown) {
      if (redraws && shown !== "") terminal.print(`\u001b[${shown.split("\n").length}A\u001b[0J${now}`);
      else terminal.print(now);
    }
    shown = now;
    if (jobs.every(({ state }) => state !== "waiting" && state !== "active")) return;
    await sleep(EVERY, undefined, { signal });
  }
}

function unknown(id: string, that = ""): ConfigError {
  return new ConfigError(`there is no job ${id}${that} in this queue; \`lowrank jobs\` lists them`, { value: id });
}

function table(jobs: readonly QueuedJob[]): string[] {
  const rows = jobs.map((job) => [job.id, job.state, doing(job), job.worker ?? "", job.out]);
  return tableLines([["job", "state", "", "worker", "out"], ...rows]);
}

function doing({ state, progress, result, error, attempts }: QueuedJob): string {
  if (state === "completed") return result === null ? "" : resultText(result);
  if (state === "failed") return error ?? "";
  if (state !== "active") return attempts === 0 ? "" : attempts === 1 ? "started once" : `started ${attempts} times`;
  if (progress === null) return "starting";
  const { phase, done, total, secondsLeft } = progress;
  return `${phase} ${done}/${total}${secondsLeft === undefined ? "" : `, ${formatDuration(secondsLeft)} left`}`;
}
