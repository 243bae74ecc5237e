import type * as Api from "@bull-board/api";
import type * as Adapter from "@bull-board/api/bullMQAdapter";
import type { Queue } from "bullmq";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError, UnsupportedError } from "lowrank";
import { checkOptions, isAllowedHost, isLoopback, text, whole } from "lowrank/extension";

/** Address of the board. */
interface BoardPlace {
  readonly port: number;
  readonly host: string;
}

/** Checks the board's address. Throws `ConfigError`. */
export function takeBoard(what: string, given: { readonly port: number; readonly host?: string }): BoardPlace {
  checkOptions(`${what}: board`, given, ["port", "host"]);
  return {
    port: whole(what, "board.port", given.port, 0, 65_535),
    host: text(what, "board.host", given.host ?? "127.0.0.1"),
  };
}

/**
 * Shows a queue in a browser with Bull Board, and its metrics for Prometheus at /metrics. Throws `UnsupportedError` if its packages are not installed, `ConfigError` if the port
 * is not available.
 */
export async function openBoard(
  what: string,
  queue: Queue,
  { port, host }: BoardPlace,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const packages = "@bull-board/api @bull-board/express";
  const { createBullBoard } = await installed<typeof Api>(
    what,
    "@bull-board/api",
    packages,
    () => import("@bull-board/api"),
  );
  const { BullMQAdapter } = await installed<typeof Adapter>(
    what,
    "@bull-board/api",
    packages,
    () => import("@bull-board/api/bullMQAdapter"),
  );
  const { ExpressAdapter } = await installed(
    what,
    "@bull-board/express",
    packages,
    () => import("@bull-board/express"),
  );
  const serverAdapter = new ExpressAdapter();
  createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter });
  const answer = serverAdapter.getRouter() as (request: IncomingMessage, response: ServerResponse) => void;
  // Names in requests, beside addresses; null for every name.
  let names: readonly string[] | null = null;
  const server = createServer((request, response) => {
    if (!isOwn(request, names))
      response.writeHead(403).end("the board answers its own page alone, as localhost or by an address\n");
    else if (request.url === "/metrics") tellMetrics(queue, response);
    else answer(request, response);
  });
  await listening(what, server, port, host);
  const bound = server.address() as AddressInfo;
  if (isLoopback(bound.address)) names = [host.toLowerCase()];
  return {
    address: `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The queue's metrics in Prometheus' text format. */
function tellMetrics(queue: Queue, response: ServerResponse): void {
  queue.exportPrometheusMetrics().then(
    (figures) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(figures),
    () => response.writeHead(503).end("the queue's server does not answer"),
  );
}

/** Whether a request comes from the board's own page. Another page in the same browser must not be able to remove jobs. */
function isOwn({ headers }: IncomingMessage, names: readonly string[] | null): boolean {
  const { host: asked = "", origin } = headers;
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== asked)) return false;
  return names === null || isAllowedHost(asked, names);
}

async function listening(what: string, server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  }).catch((cause: Error) => {
    throw new ConfigError(
      `${what}: the board cannot listen on port ${port} of ${host}: ${cause.message}`,
      { op: what, option: "board" },
      { cause },
    );
  });
}

/** Loads a package that only the board needs. If it is missing, throws `UnsupportedError`, which names all of them. */
async function installed<T>(what: string, name: string, all: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new UnsupportedError(
      `${what}: the package ${name} is required but not installed: npm install ${all}`,
      { op: what, missing: name },
      { cause },
    );
  }
}
