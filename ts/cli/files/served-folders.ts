import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, sep } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/**
 * What the Studio does, and no more: it runs its own scripts and kernels, and asks other hosts for models and for a federation's rounds, whose
 * addresses are typed in.
 */
const policy = [
  ...["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "manifest-src 'self'"],
  ...["style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "connect-src 'self' https: http:"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types lowrank lowrank-studio"],
].join("; ");

/** What gives a page shared memory, and with it threads; and what keeps other pages of this machine's browsers from reading along. */
const headers = {
  "Content-Security-Policy": policy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

/** Names of this machine: a page elsewhere whose name is made to lead here is not answered. */
const isOwn = (host = "") => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);

/**
 * Serves folders on the loopback interface alone, to be read.
 *
 * @param folders by the path that they are below, which ends with a slash; the longest one that fits counts
 * @param port 0 takes a free one
 */
export async function serveFolders(
  folders: Readonly<Record<string, string>>,
  port: number,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    void answer(folders, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((ready, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", ready);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function answer(
  folders: Readonly<Record<string, string>>,
  { url = "/", method, headers: { host } }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, why: string) =>
    response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
  if (!isOwn(host)) return void refuse(421, "this is for 127.0.0.1");
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
