import { createReadStream, statSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { createGzip } from "node:zlib";

const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
  ".png": "image/png",
  ".wasm": "application/wasm",
};
/** Endings of what is text, and becomes much shorter. */
const texts = new Set([".html", ".css", ".svg", ".webmanifest", ".js", ".mjs", ".json", ".txt"]);

/**
 * Request handler for node:http and connect: answers with the files of `folder` as they are, 404 for anything else.
 * @param {string} folder
 * @param {{ compressed?: boolean }} how text goes compressed by gzip to whoever takes that, as hosts of static files send it; default false
 * @returns {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void}
 */
export function serveFolder(folder, { compressed = false } = {}) {
  return (request, response) => {
    // The URL parser resolves "..", so that no path leads out of the folder.
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    const stat = file.startsWith(folder + sep) ? statSync(file, { throwIfNoEntry: false }) : undefined;
    if (!stat?.isFile()) {
      response.writeHead(404).end(`no such file: ${path}\n`);
      return;
    }
    const ending = extname(file);
    const headers = {
      "content-type": types[ending] ?? "application/octet-stream",
      "cross-origin-resource-policy": "same-origin",
    };
    if (compressed && texts.has(ending) && /\bgzip\b/.test(String(request.headers["accept-encoding"]))) {
      response.writeHead(200, { ...headers, "content-encoding": "gzip", vary: "accept-encoding" });
      createReadStream(file).pipe(createGzip()).pipe(response);
      return;
    }
    response.writeHead(200, { ...headers, "content-length": stat.size });
    createReadStream(file).pipe(response);
  };
}
