import type * as Bullmq from "bullmq";
import { Socket } from "node:net";
import { connectionLoss } from "./connection-loss.js";

/** What BullMQ's classes take to connect with, and the end of what they have made with it. */
export interface Connections {
  readonly options: Bullmq.ConnectionOptions;
  /** Ends what still keeps a connection. */
  cut(): void;
}

/** Longest time between two attempts at reaching a server that is away, milliseconds. */
const AGAIN_AT_MOST = 1_000;

/** Redis by an address. A server that is away is waited for, by whoever asks something, for as long as that takes. */
export function redisConnections(url: string): Connections {
  const retryStrategy = (times: number) => Math.min(50 * 2 ** times, AGAIN_AT_MOST);
  // BullMQ ends its clients itself, where it is told to by force.
  return {
    options: { url, maxRetriesPerRequest: null, retryStrategy },
    cut: () => undefined,
  };
}

/** PostgreSQL by an address. Its clients wait for a server that does not answer, even at their end; their sockets are known here. */
export function postgresConnections(connectionString: string): Connections {
  const open = new Set<Socket>();
  let isCut = false;
  const stream = () => {
    const socket = new Socket();
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    if (isCut) setImmediate(() => socket.destroy());
    return socket;
  };
  return {
    options: { connectionString, migrate: true, keepAlive: true, stream },
    cut() {
      isCut = true;
      for (const socket of open) socket.destroy();
    },
  };
}

/**
 * A PostgreSQL for BullMQ whose lost connections are what BullMQ takes for such. Else it lets a job fail whose end it could not write down,
 * and asks a server that is starting again without a pause.
 */
export function lastingPostgres(bullmq: typeof Bullmq): typeof Bullmq.createPostgresBackend {
  return (...given) => {
    const backend = bullmq.createPostgresBackend(...given);
    const { pool } = (backend as unknown as { readonly connection: { readonly pool: Bullmq.PgPool } }).connection;
    const query = pool.query.bind(pool);
    pool.query = async (...asked: Parameters<typeof query>) => {
      try {
        return await query(...asked);
      } catch (error) {
        if (connectionLoss(error) === null) throw error;
        backend.emit("error", error);
        throw Object.assign(new Error("Connection is closed.", { cause: error }));
      }
    };
    return backend;
  };
}
