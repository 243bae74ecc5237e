import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { problem } from "./problem.js";

/**
 * Node's HTTP server for a handler of the platform's `Request` and `Response`. A request's signal tells that its client went
 * away.
 *
 * @param {(request: Request) => Promise<Response>} handle
 * @returns {import("node:http").Server}
 */
export function serverOf(handle) {
  const listener = async (incoming, outgoing) => {
    const abort = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) abort.abort();
    });
    try {
      // The platform's `Request` has no such method.
      if (incoming.method === "TRACE") return void outgoing.writeHead(405, { connection: "close" }).end();
      await send(await handle(requestOf(incoming, abort.signal)), outgoing, incoming);
    } catch (error) {
      // A client that is gone needs no answer; what the handler should not have thrown does.
      if (!abort.signal.aborted) console.error(error);
      if (abort.signal.aborted || outgoing.headersSent) return void outgoing.end();
      await send(problem(500, "INTERNAL", "the server failed; its log says how"), outgoing, incoming).catch(() => undefined);
    }
  };
  // Headers that come drop by drop hold a connection no longer than this; the body's time is the handler's matter.
  return createServer({ headersTimeout: 10_000, requestTimeout: 60_000 }, listener);
}

function requestOf(incoming, signal) {
  const { method } = incoming;
  // The host is the client's word: nothing depends on it.
  const url = new URL(incoming.url.startsWith("/") ? `http://localhost${incoming.url}` : "http://localhost/");
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  const body = method === "GET" || method === "HEAD" ? undefined : Readable.toWeb(incoming);
  return new Request(url, { method, headers, body, duplex: "half", signal });
}

async function send(response, outgoing, incoming) {
  const headers = Object.fromEntries(response.headers);
  // What was not read of a body would be taken for the next request.
  if (!incoming.complete) headers.connection = "close";
  outgoing.writeHead(response.status, headers);
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body), outgoing);
}
