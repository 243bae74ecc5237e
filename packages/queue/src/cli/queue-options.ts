import type { Command } from "commander";
import { ConfigError } from "lowrank";
import { orAborted } from "lowrank/extension";
import type { Session } from "lowrank/extension/cli";
import { JobQueue } from "../index.js";

/** Address of the queue. */
export interface QueueOptions {
  readonly queue?: string;
  readonly queueName: string;
}

const VARIABLE = "LOWRANK_QUEUE";

/** Adds the options that select the queue. */
export function addQueueOptions(command: Command): Command {
  command.optionsGroup("The queue:");
  return command
    .option("--queue <address>", `redis://host:port or postgres://user@host/database (default: $${VARIABLE})`)
    .option("--queue-name <name>", "name of the queue", "lowrank");
}

/** The address in the options or the environment. Throws `ConfigError` if there is none. */
export function queueAddress({ queue = process.env[VARIABLE] }: QueueOptions): string {
  if (queue !== undefined && queue !== "") return queue;
  throw new ConfigError(
    `--queue needs the address of a Redis or PostgreSQL server, such as redis://127.0.0.1:6379; or set $${VARIABLE}`,
    { option: "--queue" },
  );
}

/** Opens the queue, calls `work`, and closes the queue. Throws `AbortError` as soon as the signal is aborted, even if the server is silent. */
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
