import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, sep } from "node:path";
import { isAllowedHost } from "../../serve/openai/access.js";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** Headers that give a page shared memory, and with it threads, and that keep other pages of this machine's browsers from reading along. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

/** What is served, and how. */
export interface Served {
  /** Folders by the path that they are below, which ends with a slash. The longest path that fits counts. */
  readonly folders: Readonly<Record<string, string>>;
  /** The Content-Security-Policy of every answer. */
  readonly policy: string;
}

/**
 * Serves folders on the loopback interface alone, to be read.
 *
 * @param port 0 takes a free one
 */
export async function serveFolders(served: Served, port: number): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    void answer(served, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((ready, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", ready);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function answer(
  { folders, policy }: Served,
  { url = "/", method, headers: { host = "" } }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = { "Content-Security-Policy": policy, ...isolation };
  const refuse = (status: number, why: string) =>
    response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
  if (!isAllowedHost(host, [])) return void refuse(403, "this server is reached as 127.0.0.1 or localhost");
  if (method !== "GET" && method !== "HEAD") return void refuse(405, "files are read, by GET or HEAD");
  const file = fileOf(folders, url);
  const found = file === null ? null : await stat(file).catch(() => null);
  if (file === null || !found?.isFile()) return void refuse(404, "there is no such file");
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": found.size });
  if (method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
}

/** The file behind an address; null where it leads out of its folder. */
function fileOf(folders: Readonly<Record<string, string>>, url: string): string | null {
  try {
    // The URL parser resolves "..", whichever way it is written.
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const below = Object.keys(folders)
      .filter((begin) => path.startsWith(begin))
      .sort((a, b) => b.length - a.length)[0];
    if (below === undefined || path.includes("\0")) return null;
    const folder = folders[below]!;
    const rest = path.slice(below.length);
    const file = join(folder, rest === "" || rest.endsWith("/") ? `${rest}index.html` : rest);
    return file.startsWith(folder + sep) ? file : null;
  } catch {
    return null;
  }
}
