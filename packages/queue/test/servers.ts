import { Postgres } from "../../../scripts/servers/postgres.mjs";
import { Redis } from "../../../scripts/servers/redis.mjs";

/** A server of queues. */
export type QueueServer = Redis | Postgres;

/** Those that a queue may be on, for `describe.each`. */
export const queueServers = [
  ["Redis", () => Redis.start()],
  ["PostgreSQL", () => Postgres.start()],
] as const;
