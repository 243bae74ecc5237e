import type * as Bullmq from "bullmq";
import { ConfigError } from "lowrank";
import { clip, excerpt, text } from "lowrank/extension";
import { type Connections, lastingPostgres, postgresConnections, redisConnections } from "./server/connections.js";
import { connectionLoss } from "./server/connection-loss.js";
import { readableJobs } from "./server/readable-jobs.js";
import { endsWithin } from "./server/within.js";

/** Default name of the queue. */
export const QUEUE_NAME = "lowrank";

/** Longest time for a server's first answer, in milliseconds. */
const ANSWER_LIMIT = 10_000;

/** BullMQ's classes on one server. */
export type QueueEngine = Pick<
  typeof Bullmq,
  "Queue" | "Worker" | "FlowProducer" | "UnrecoverableError" | "DelayedError" | "WaitingError"
> & {
  /** Connection options for the classes. */
  readonly connection: Bullmq.ConnectionOptions;
  /** Closes remaining connections. */
  readonly cut: Connections["cut"];
  /** The address without its password, for messages. */
  readonly shown: string;
};

const ADDRESS = "an address that starts with redis://, rediss://, postgres:// or postgresql://";

/** BullMQ on the Redis or PostgreSQL at an address. Throws `ConfigError` for other addresses. */
export async function queueEngine(what: string, address: string): Promise<QueueEngine> {
  const scheme = /^(redis|postgres)(s|ql)?:\/\//.exec(text(what, "queue", address))?.[1];
  if (scheme === undefined || !URL.canParse(address))
    throw new ConfigError(`${what}: queue is ${ADDRESS}, got ${excerpt(shownAddress(address))}`, {
      op: what,
      option: "queue",
      expected: ADDRESS,
    });
  const redis = scheme === "redis";
  // Loaded on demand, because sweeps without a queue do not need it.
  const bullmq = await import("bullmq");
  const shown = shownAddress(address);
  const { options: connection, cut } = redis ? redisConnections(address) : postgresConnections(address);
  const own = { shown, connection, cut };
  // The same classes except for the types of their connections.
  const classes = redis ? bullmq : { ...bullmq, ...bullmq.withBackend(lastingPostgres(bullmq)) };
  const { FlowProducer } = classes;
  return {
    ...bullmq,
    FlowProducer,
    ...readableJobs(classes as unknown as typeof bullmq),
    ...own,
  } as unknown as QueueEngine;
}

/** Longest time to close a server's clients, in milliseconds. */
const CLOSE_LIMIT = 2_000;

/** Closes the connections of a queue's classes, even if the server is away. Open requests get no answer. */
export async function letGo(
  { cut }: Pick<QueueEngine, "cut">,
  ...users: readonly { getBackend(): Bullmq.IQueueBackend }[]
): Promise<void> {
  const backends = users.map((user) => user.getBackend());
  await endsWithin(CLOSE_LIMIT, Promise.all(backends.map((backend) => backend.close(true))));
  // Redis clients that are closing and wait for the server.
  for (const { client, blockingClient } of backends as Partial<Bullmq.RedisQueueBackend>[])
    for (const each of [client, blockingClient])
      each?.then(
        (open) => open.disconnect(),
        () => undefined,
      );
  cut();
}

/** Adds jobs that depend on others to a queue. Connects on first use. */
export class Flows {
  private producer: Bullmq.FlowProducer | null = null;

  constructor(private readonly engine: Pick<QueueEngine, "FlowProducer" | "connection" | "cut">) {}

  /** Adds a job and its dependencies in one atomic step. */
  async add(flow: Bullmq.FlowJob): Promise<void> {
    this.producer ??= this.open();
    const { producer } = this;
    try {
      await producer.add(flow);
    } catch (error) {
      // A PostgreSQL client that has once found no server never connects again.
      if (connectionLoss(error) !== null && this.producer === producer) {
        this.producer = null;
        producer
          .getBackend()
          .close(true)
          .catch(() => undefined);
      }
      throw error;
    }
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    if (this.producer !== null) await letGo(this.engine, this.producer);
  }

  private open(): Bullmq.FlowProducer {
    const { FlowProducer, connection } = this.engine;
    const producer = new FlowProducer({ connection });
    // Calls of `add` report this error.
    producer.on("error", () => undefined);
    return producer;
  }
}

/** Error messages of a Redis that rejects a client. */
const UNKNOWN_CLIENT = /^(NOAUTH|WRONGPASS|NOPERM|ERR (Client sent )?AUTH|ERR invalid password)/;

/** A BullMQ class with a connection. */
interface Connecting {
  waitUntilReady(): Promise<unknown>;
  on(event: "error", heard: (error: Error) => void): unknown;
  off(event: "error", heard: (error: Error) => void): unknown;
}

/** Waits for a server's first answer. Throws `ConfigError` if it refuses, or if there is no answer within some seconds. */
export async function answered(what: string, engine: QueueEngine, connecting: Connecting): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let last: Error | undefined;
  let heard = (_: Error) => {};
  const failed = new Promise<never>((_, reject) => {
    heard = (error) => {
      last = error;
      // A Redis client would retry forever with the same password.
      if (UNKNOWN_CLIENT.test(error.message)) reject(error);
    };
    const late = () => {
      const why = last === undefined ? "" : ` (${clip(last.message)})`;
      const message = `${what}: ${engine.shown} has not answered within ${ANSWER_LIMIT / 1000} seconds${why}: is the server running, and can it be reached from here?`;
      reject(new ConfigError(message, { op: what, option: "queue" }, { cause: last }));
    };
    timer = setTimeout(late, ANSWER_LIMIT);
  });
  connecting.on("error", heard);
  const ready = connecting.waitUntilReady();
  ready.catch(() => undefined);
  try {
    await Promise.race([ready, failed]);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { message } = cause as Error;
    const next = UNKNOWN_CLIENT.test(message)
      ? "; user and password belong in the address, as in redis://user:password@host"
      : "";
    throw new ConfigError(`${what}: ${engine.shown} refuses: ${clip(message)}${next}`, { op: what }, { cause });
  } finally {
    clearTimeout(timer);
    connecting.off("error", heard);
  }
}

function shownAddress(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.password !== "") url.password = "***";
  return url.href;
}
