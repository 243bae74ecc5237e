import type * as Bullmq from "bullmq";
import { ConfigError } from "lowrank";
import { clip, excerpt, text } from "lowrank/extension";
import { type Connections, lastingPostgres, postgresConnections, redisConnections } from "./server/connections.js";
import { connectionLoss } from "./server/connection-loss.js";
import { readableJobs } from "./server/readable-jobs.js";
import { endsWithin } from "./server/within.js";

/** Default name of the queue. */
export const QUEUE_NAME = "lowrank";

/** How long a server may take to answer before it is said that there is none, milliseconds. */
const ANSWER_LIMIT = 10_000;

/** BullMQ's classes on one server. */
export type QueueEngine = Pick<
  typeof Bullmq,
  "Queue" | "Worker" | "FlowProducer" | "UnrecoverableError" | "DelayedError" | "WaitingError"
> & {
  /** What the classes take. */
  readonly connection: Bullmq.ConnectionOptions;
  /** Ends what still keeps a connection. */
  readonly cut: Connections["cut"];
  /** The address as it may be shown: without its password. */
  readonly shown: string;
};

const ADDRESS = "an address that begins with redis://, rediss://, postgres:// or postgresql://";

/** BullMQ on the Redis or PostgreSQL of an address. Throws `ConfigError` for another address. */
export async function queueEngine(what: string, address: string): Promise<QueueEngine> {
  const scheme = /^(redis|postgres)(s|ql)?:\/\//.exec(text(what, "queue", address))?.[1];
  if (scheme === undefined || !URL.canParse(address))
    throw new ConfigError(`${what}: queue is ${ADDRESS}, got ${excerpt(shownAddress(address))}`, {
      op: what,
      option: "queue",
      expected: ADDRESS,
    });
  const redis = scheme === "redis";
  // Fetched here, since whoever sweeps without a queue needs none of it.
  const bullmq = await import("bullmq");
  const shown = shownAddress(address);
  const { options: connection, cut } = redis ? redisConnections(address) : postgresConnections(address);
  const own = { shown, connection, cut };
  // The same classes, but for the types of their connections.
  const classes = redis ? bullmq : { ...bullmq, ...bullmq.withBackend(lastingPostgres(bullmq)) };
  const { FlowProducer } = classes;
  return {
    ...bullmq,
    FlowProducer,
    ...readableJobs(classes as unknown as typeof bullmq),
    ...own,
  } as unknown as QueueEngine;
}

/** How long a server may take to let go of its clients, milliseconds. */
const CLOSE_LIMIT = 2_000;

/** Ends the connections of a queue's classes, whether the server is there or not; what has been asked and not been answered has no answer then. */
export async function letGo(
  { cut }: Pick<QueueEngine, "cut">,
  ...users: readonly { getBackend(): Bullmq.IQueueBackend }[]
): Promise<void> {
  const backends = users.map((user) => user.getBackend());
  await endsWithin(CLOSE_LIMIT, Promise.all(backends.map((backend) => backend.close(true))));
  // Redis' clients, where they are being closed already and wait for the server's word.
  for (const { client, blockingClient } of backends as Partial<Bullmq.RedisQueueBackend>[])
    for (const each of [client, blockingClient])
      each?.then(
        (open) => open.disconnect(),
        () => undefined,
      );
  cut();
}

/** Puts jobs that wait for others into a queue; it connects when there are some. */
export class Flows {
  private producer: Bullmq.FlowProducer | null = null;

  constructor(private readonly engine: Pick<QueueEngine, "FlowProducer" | "connection" | "cut">) {}

  /** Adds a job with those that it waits for, by one atomic step. */
  async add(flow: Bullmq.FlowJob): Promise<void> {
    this.producer ??= this.open();
    const { producer } = this;
    try {
      await producer.add(flow);
    } catch (error) {
      // One on PostgreSQL that has found no server once never connects again.
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

  /** Lets go of the server. */
  async close(): Promise<void> {
    if (this.producer !== null) await letGo(this.engine, this.producer);
  }

  private open(): Bullmq.FlowProducer {
    const { FlowProducer, connection } = this.engine;
    const producer = new FlowProducer({ connection });
    // Whoever adds something hears of it.
    producer.on("error", () => undefined);
    return producer;
  }
}

/** What a Redis says to a client that it does not let in. */
const UNKNOWN_CLIENT = /^(NOAUTH|WRONGPASS|NOPERM|ERR (Client sent )?AUTH|ERR invalid password)/;

/** One of BullMQ's classes, which connects. */
interface Connecting {
  waitUntilReady(): Promise<unknown>;
  on(event: "error", heard: (error: Error) => void): unknown;
  off(event: "error", heard: (error: Error) => void): unknown;
}

/** Waits for a server's first answer. Throws `ConfigError` where it refuses, and where none comes within some seconds. */
export async function answered(what: string, engine: QueueEngine, connecting: Connecting): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let last: Error | undefined;
  let heard = (_: Error) => {};
  const failed = new Promise<never>((_, reject) => {
    heard = (error) => {
      last = error;
      // A client of Redis would ask for ever with the same password.
      if (UNKNOWN_CLIENT.test(error.message)) reject(error);
    };
    const late = () => {
      const why = last === undefined ? "" : ` (${clip(last.message)})`;
      const message = `${what}: ${engine.shown} has not answered within ${ANSWER_LIMIT / 1000} seconds${why}: is the server running, and may it be reached from here?`;
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
      ? "; user and password stand in the address, as in redis://user:password@host"
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
