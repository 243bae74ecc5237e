import type * as Bullmq from "bullmq";
import { Socket } from "node:net";
import { connectionLoss } from "./connection-loss.js";

/** Connection options for BullMQ's classes, and a function that closes their connections. */
export interface Connections {
  readonly options: Bullmq.ConnectionOptions;
  /** Closes remaining connections. */
  cut(): void;
}

/** Longest pause between two attempts to reconnect, in milliseconds. */
const AGAIN_AT_MOST = 1_000;

/** Redis at an address. Requests wait as long as the server is away. */
export function redisConnections(url: string): Connections {
  const retryStrategy = (times: number) => Math.min(50 * 2 ** times, AGAIN_AT_MOST);
  // BullMQ ends its clients itself if it is closed with force.
  return {
    options: { url, maxRetriesPerRequest: null, retryStrategy },
    cut: () => undefined,
  };
}

/** PostgreSQL at an address. Its clients wait for a silent server even when they close, so their sockets are tracked here. */
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
 * PostgreSQL for BullMQ, with error codes that BullMQ recognises as lost connections. Otherwise BullMQ would fail a job whose end it
 * could not store, and would query a restarting server without pauses.
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
