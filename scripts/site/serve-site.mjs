import { createServer } from "node:http";
import { serveFolder } from "../serve-folder.mjs";
import { siteFolder } from "./build-site.mjs";

/**
 * Serves a site of static files below `base`, text compressed, with the headers that give pages threads where it is `isolated`.
 * @param {{ folder?: string, base?: string, isolated?: boolean, port?: number }} options
 */
export async function serveSite({ folder = siteFolder, base = "/", isolated = true, port = 0 } = {}) {
  const files = serveFolder(folder, { compressed: true });
  const server = createServer((request, response) => {
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
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
