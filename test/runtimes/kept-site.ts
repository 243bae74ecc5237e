import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSite } from "../browsers/site.mjs";
import { ModelServer } from "../pages/model-server.js";
import { bundle } from "./bundle.mjs";

/** Does a request of a page's that is for no model; false where it is for one. */
type Hear = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

/** A page that keeps what it gets from a hub of another origin. */
export interface KeptSite {
  /** What the hub has. */
  readonly models: ModelServer;
  readonly hubUrl: string;
  /** Where the page is: below /plain/ and /isolated/. */
  readonly origin: string;
  /** For what else the test leaves behind; it goes with the site. */
  readonly folder: string;
  close(): void;
}

/** @param script the page's, which imports from the project's root, by the hub's address */
export async function openKeptSite(script: (hubUrl: string) => string, hear: Hear): Promise<KeptSite> {
  const models = new ModelServer();
  const folder = mkdtempSync(join(tmpdir(), "lowrank-kept-"));
  const hub = createServer((request, response) => {
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    const path = request.url!.slice(1);
    // As hubs do where a browser asks before it asks for a range.
    if (request.method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Origin", "*");
      response.setHeader("Access-Control-Allow-Headers", "Range");
      return void response.end();
    }
    if (!hear(path, request, response)) models.answer(path, request, response);
  });
  await new Promise<void>((ready) => hub.listen(0, "127.0.0.1", ready));
  const hubUrl = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  await bundle({ contents: script(hubUrl), entry: "browser", outfile: join(folder, "kept.js") });
  const html = `<!doctype html><title>lowrank</title><script type="module" src="./kept.js"></script>`;
  writeFileSync(join(folder, "index.html"), html);
  const site = await openSite(folder);
  return {
    models,
    hubUrl,
    folder,
    origin: site.origin,
    close() {
      site.close();
      hub.closeAllConnections();
      hub.close();
      rmSync(folder, { recursive: true, maxRetries: 5 });
    },
  };
}
