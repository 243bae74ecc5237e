import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { FileMap } from "../../ts/io/file-access.js";

/** How a file is served. */
export interface Manner {
  /** The body stays open after so many bytes until `release` or `cut` is called. */
  readonly holdAfter?: number;
  readonly etag?: string | null;
  /** Answers everything with the whole file. */
  readonly ignoreRanges?: boolean;
  /** Whether pages of other origins see ETag and range. */
  readonly exposes?: boolean;
  /** Bytes that the answer says it has. */
  readonly claim?: number;
  /** Sent behind the file, whose length the answer then does not say. */
  readonly tail?: Uint8Array;
  /** Compresses what is not a range, as servers do of their own accord. */
  readonly gzip?: boolean;
  /** Sent in place of the file. */
  readonly body?: Uint8Array;
}

/** A request for a file of a model. */
export interface Request {
  readonly path: string;
  readonly range: string | null;
  readonly ifRange: string | null;
}

/** Models at "name/file", which can be cut, changed, held back and damaged. */
export class ModelServer {
  readonly files = new Map<string, Uint8Array>();
  readonly asked: Request[] = [];
  /** By path. */
  readonly manners = new Map<string, Manner>();
  private held: { readonly send: () => void; readonly cut: () => void }[] = [];

  /** Serves the files of a model as "name/…". */
  add(name: string, files: FileMap): void {
    for (const [file, bytes] of Object.entries(files)) this.files.set(`${name}/${file}`, bytes);
  }

  /** Requests for a path so far. */
  requests(path: string): Request[] {
    return this.asked.filter((request) => request.path === path);
  }

  /** Sends the rest of what was held. */
  release(): void {
    for (const { send } of this.held.splice(0)) send();
  }

  /** Ends the connections of what was held. */
  cut(): void {
    for (const { cut } of this.held.splice(0)) cut();
  }

  answer(path: string, { headers }: IncomingMessage, response: ServerResponse): void {
    const [range = null, ifRange = null] = [headers.range, headers["if-range"] as string | undefined];
    this.asked.push({ path, range, ifRange });
    const {
      etag = '"one"',
      holdAfter,
      ignoreRanges = false,
      exposes = true,
      body,
      claim,
      tail,
      gzip = false,
    } = this.manners.get(path) ?? {};
    const file = body ?? this.files.get(path);
    // As hubs do, of missing files too.
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (file === undefined) return void response.writeHead(404).end();
    if (etag !== null) response.setHeader("ETag", etag);
    if (exposes) response.setHeader("Access-Control-Expose-Headers", "ETag, Content-Range");
    const first = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? -1);
    const partial = first >= 0 && !ignoreRanges && (ifRange === null || ifRange === etag);
    const compressed = gzip && range === null;
    const sent = partial ? file.subarray(first) : compressed ? gzipSync(file) : file;
    if (compressed) response.setHeader("Content-Encoding", "gzip");
    if (partial && first >= file.length)
      return void response.writeHead(416, { "Content-Range": `bytes */${file.length}` }).end();
    if (partial) response.setHeader("Content-Range", `bytes ${first}-${file.length - 1}/${file.length}`);
    if (tail !== undefined) {
      response.writeHead(partial ? 206 : 200).write(sent);
      return void response.end(tail);
    }
    response.writeHead(partial ? 206 : 200, { "Content-Length": claim ?? sent.length });
    if (holdAfter === undefined || holdAfter >= sent.length) return void response.end(sent);
    response.write(sent.subarray(0, holdAfter));
    this.held.push({ send: () => response.end(sent.subarray(holdAfter)), cut: () => response.destroy() });
  }
}
