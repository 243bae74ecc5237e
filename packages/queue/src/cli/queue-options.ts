import type { Command } from "commander";
import { ConfigError } from "lowrank";
import { orAborted } from "lowrank/extension";
import type { Session } from "lowrank/extension/cli";
import { JobQueue } from "../index.js";

/** Where the queue is. */
export interface QueueOptions {
  readonly queue?: string;
  readonly queueName: string;
}

const VARIABLE = "LOWRANK_QUEUE";

/** Adds the options that say which queue. */
export function addQueueOptions(command: Command): Command {
  command.optionsGroup("The queue:");
  return command
    .option("--queue <address>", `redis://host:port or postgres://user@host/database (default: $${VARIABLE})`)
    .option("--queue-name <name>", "its name on that server", "lowrank");
}

/** The address that was given, or that of the environment. Throws `ConfigError` where there is none. */
export function queueAddress({ queue = process.env[VARIABLE] }: QueueOptions): string {
  if (queue !== undefined && queue !== "") return queue;
  throw new ConfigError(
    `--queue is the address of a Redis or PostgreSQL, such as redis://127.0.0.1:6379; $${VARIABLE} may hold it instead`,
    { option: "--queue" },
  );
}

/** Opens the queue for `work`, and lets go of it behind. Throws `AbortError` as soon as the signal comes, whether the server answers or not. */
export async function withQueue<T>(
  options: QueueOptions,
  { signal }: Pick<Session, "signal">,
  work: (queue: JobQueue) => Promise<T>,
): Promise<T> {
  const open = () => JobQueue.open(queueAddress(options), { name: options.queueName });
  const queue = await orAborted(open, signal, (late) => late.close());
  try {
    return await orAborted(() => work(queue), signal);
  } finally {
    await queue.close();
  }
}
