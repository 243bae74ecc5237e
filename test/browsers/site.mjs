import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { modelCache, root } from "../../scripts/setup/paths.mjs";

const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** Headers by the first part of a path. */
const kinds = {
  plain: {},
  isolated,
  /** Nothing but files of this server, and WebAssembly; no code is made of text. */
  strict: {
    ...isolated,
    "content-security-policy":
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
  },
  /** Not WebAssembly either. */
  barred: { "content-security-policy": "default-src 'self'" },
};

/** Where paths lead that follow: the folder of the test first, then what a page copies beside its script. */
const shared = { "project/": root, "models/": modelCache };

/**
 * Serves a folder on loopback as /plain/…, /isolated/…, /strict/… and /barred/…; what it does not have comes from dist/, as if it had
 * been copied there. The project is below project/, the models' cache below models/.
 *
 * @param {string} folder
 */
export async function openSite(folder) {
  const own = serveFolder(folder);
  const dist = serveFolder(join(root, "dist"));
  const server = createServer((request, response) => {
    const [, kind, rest] = /^\/(plain|isolated|strict|barred)\/([^?#]*)/.exec(request.url ?? "") ?? [];
    if (kind === undefined) return void response.writeHead(404).end();
    for (const [name, value] of Object.entries(kinds[kind])) response.setHeader(name, value);
    const place = Object.keys(shared).find((prefix) => rest.startsWith(prefix));
    request.url = `/${place === undefined ? rest : rest.slice(place.length)}`;
    if (place !== undefined) serveFolder(shared[place])(request, response);
    else (existsSync(join(folder, rest)) ? own : dist)(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
