import { createReadStream, statSync } from "node:fs";
import { extname, join, sep } from "node:path";

const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/**
 * Request handler for node:http and connect: answers with the files of `folder` as they are, 404 for anything else.
 * @param {string} folder
 * @returns {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void}
 */
export function serveFolder(folder) {
  return (request, response) => {
    // The URL parser resolves "..", so that no path leads out of the folder.
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    const stat = file.startsWith(folder + sep) ? statSync(file, { throwIfNoEntry: false }) : undefined;
    if (!stat?.isFile()) {
      response.writeHead(404).end(`no such file: ${path}\n`);
      return;
    }
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      "content-length": stat.size,
      "cross-origin-resource-policy": "same-origin",
    });
    createReadStream(file).pipe(response);
  };
}
