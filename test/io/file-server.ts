import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What was asked for. */
export interface Asked {
  readonly file: string;
  /** First byte and the one behind the last; null for the whole file. */
  readonly range: readonly [from: number, to: number] | null;
}

/** Answers a request for a range otherwise than with it; true where it did. */
export type Otherwise = (asked: Asked, response: ServerResponse, body: Uint8Array) => boolean;

/** Files at an address on this machine, with ranges and ETags; `otherwise` goes first. */
export async function fileServer(
  files: Record<string, Uint8Array>,
  otherwise: Otherwise = () => false,
): Promise<{ readonly url: string; readonly asked: Asked[] }> {
  const all: Asked[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const file = request.url!.slice(1);
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const asked: Asked = { file, range: match && [Number(match[1]), Number(match[2]) + 1] };
    all.push(asked);
    const body = files[file];
    if (body === undefined) return void response.writeHead(404).end();
    if (otherwise(asked, response, body)) return;
    if (!response.hasHeader("ETag")) response.setHeader("ETag", '"one"');
    if (asked.range === null) return void response.end(body);
    const part = body.subarray(...asked.range);
    const [from] = asked.range;
    response.setHeader("Content-Range", `bytes ${from}-${from + part.length - 1}/${body.length}`);
    response.writeHead(206).end(part);
  };
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: all };
}
