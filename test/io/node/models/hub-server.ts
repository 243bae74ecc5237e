import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A hub on this machine. */
export interface HubServer {
  readonly url: string;
  /** Paths that were asked for, without ranges. */
  readonly requests: string[];
  /** Replaces how a file's body is sent. */
  onBody: ((path: string, body: Uint8Array, response: ServerResponse) => void) | null;
}

/**
 * Serves files as a Hugging Face hub resolves them: byte ranges, an ETag (SHA-256 for large files, which stand on another path
 * behind a redirect), 404 with the reason in a header. `files` by "organisation/name/resolve/revision/file"; `etags` replaces
 * what is stated of a file.
 */
export async function hubServer(
  files: Record<string, Uint8Array>,
  etags: Record<string, string> = {},
): Promise<HubServer> {
  const hub: { -readonly [K in keyof HubServer]: HubServer[K] } = { url: "", requests: [], onBody: null };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    const name = path.replace(/^large\//, "");
    const body = files[name];
    if (!body) {
      response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end();
      return;
    }
    const isLarge = name.endsWith(".safetensors");
    const digest = createHash(isLarge ? "sha256" : "sha1")
      .update(body)
      .digest("hex");
    response.setHeader(isLarge ? "X-Linked-ETag" : "ETag", `"${etags[name] ?? digest}"`);
    if (isLarge && path === name) {
      response.writeHead(302, { Location: `/large/${request.url!.slice(1)}` }).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (range) {
      const [from, to] = [Number(range[1]), Number(range[2])];
      response
        .writeHead(206, { "Content-Range": `bytes ${from}-${to}/${body.length}` })
        .end(body.subarray(from, to + 1));
      return;
    }
    hub.requests.push(name);
    response.setHeader("Content-Length", body.length);
    if (hub.onBody) hub.onBody(name, body, response);
    else response.end(body);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}
