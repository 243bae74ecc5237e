import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { serveFolder } from "../serve-folder.mjs";
import { siteFolder } from "./build-site.mjs";

const texts = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

/** Text as hosts of static files send it: compressed. Whether it was that. */
function sentCompressed({ url, headers }, response) {
  const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  const file = join(siteFolder, path.endsWith("/") ? `${path}index.html` : path);
  const type = texts[extname(file)];
  if (type === undefined || !/\bgzip\b/.test(headers["accept-encoding"] ?? "") || !existsSync(file)) return false;
  response.writeHead(200, { "content-type": type, "content-encoding": "gzip" }).end(gzipSync(readFileSync(file)));
  return true;
}

/**
 * Serves the site below `base`, with the headers that give pages threads where it is `isolated`.
 * @param {{ base: string, isolated?: boolean, port?: number }} options
 */
export async function serveSite({ base, isolated = true, port = 0 }) {
  const files = serveFolder(siteFolder);
  const server = createServer((request, response) => {
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    if (!request.url?.startsWith(base)) return void response.writeHead(404).end();
    request.url = request.url.slice(base.length - 1);
    if (!sentCompressed(request, response)) files(request, response);
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", () => ready(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${address.port}${base}`, close };
}
