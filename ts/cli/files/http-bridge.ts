import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

/** A handler of the platform's `Request` and `Response`, which never rejects. */
export type Handler = (request: Request) => Promise<Response>;

/** Milliseconds after which a connection is closed whose client reads nothing of an answer that is complete here. */
const UNREAD_TIME = 60_000;

/**
 * Node's HTTP server for such a handler. A request's signal tells that its client has left. @hono/node-server does the same, but needs Hono,
 * which everyone who installs this package would get with it.
 */
export function httpServerOf(handle: Handler, unreadTime = UNREAD_TIME): Server {
  const listener = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const abort = new AbortController();
    /** Stays referenced until the answer has ended: a `Request` that is garbage-collected takes its signal with it. */
    let request: Request | undefined;
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) abort.abort();
      request = undefined;
    });
    try {
      // The platform's `Request` has no such method.
      if (incoming.method === "TRACE") return void outgoing.writeHead(405, { connection: "close" }).end();
      request = requestOf(incoming, abort.signal);
      const response = await handle(request);
      // Events may be far apart; the handler drops a stream that nobody reads.
      if (!/^text\/event-stream\b/.test(response.headers.get("content-type") ?? ""))
        outgoing.setTimeout(unreadTime, () => outgoing.destroy());
      await send(response, outgoing, incoming);
    } catch (error) {
      // The client has left in the middle of the answer.
      outgoing.destroy(error as Error);
    }
  };
  // Headers that arrive slowly keep a connection no longer than this; the handler limits the body's time.
  return createServer({ headersTimeout: 10_000 }, (incoming, outgoing) => void listener(incoming, outgoing));
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/" } = incoming;
  // The client chooses the host: nothing depends on it. A proxy may send the whole address (RFC 9112, 3.2.2).
  const path = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const address = new URL(path.startsWith("/") ? `http://localhost${path}` : "http://localhost/");
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!);
  const body =
    method === "GET" || method === "HEAD" ? {} : { body: Readable.toWeb(incoming) as BodyInit, duplex: "half" };
  return new Request(address, { method, headers, signal, ...body });
}

async function send(response: Response, outgoing: ServerResponse, incoming: IncomingMessage): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  // The unread rest of a body would be read as the next request.
  if (!incoming.complete) headers["connection"] = "close";
  outgoing.writeHead(response.status, headers);
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
}
