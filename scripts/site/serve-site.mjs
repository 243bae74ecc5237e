import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { serveFolder } from "../serve-folder.mjs";
import { siteFolder } from "./build-site.mjs";

const isolation = "  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Embedder-Policy: require-corp\n";

/** The headers in the site's _headers file; without one, those that enable threads. */
const headersOf = (folder) => {
  const file = join(folder, "_headers");
  const text = existsSync(file) ? readFileSync(file, "utf8") : isolation;
  return [...text.matchAll(/^ {2}([\w-]+): (.+)$/gm)].map(([, ...header]) => header);
};

/**
 * Serves a site of static files below `base` with compressed text and the headers of its `_headers`; the headers for threads only if
 * `isolated` is set.
 * @param {{ folder?: string, base?: string, isolated?: boolean, port?: number }} options
 */
export async function serveSite({ folder = siteFolder, base = "/", isolated = true, port = 0 } = {}) {
  const files = serveFolder(folder, { compressed: true });
  const headers = headersOf(folder);
  const server = createServer((request, response) => {
    for (const [name, value] of headers)
      if (isolated || !name.startsWith("Cross-Origin-")) response.setHeader(name, value);
    if (!request.url?.startsWith(base)) return void response.writeHead(404).end();
    request.url = request.url.slice(base.length - 1);
    files(request, response);
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", () => ready(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${address.port}${base}`, close };
}
