import { build } from "esbuild";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { artifactFolder, benchFolder, root } from "./paths.mjs";

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/** Modules that the library leaves to a page's bundler or, as here, to its import map. */
const imports = { "@huggingface/tokenizers": "/node_modules/@huggingface/tokenizers/dist/tokenizers.min.mjs" };

const html = `<!doctype html>
<link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="/page.js"></script>
`;

/**
 * Runs one job of a page in headless Chromium and hands its results over as they come.
 * A page with one thread is not isolated: jax-js would use its threads wherever it finds shared memory.
 */
export async function runInChromium(job, onResult) {
  const folder = mkdtempSync(join(tmpdir(), "lowrank-bench-"));
  const server = createServer(await pageHandler(folder, job));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArguments });
  try {
    const page = await browser.newPage();
    await new Promise((resolve, reject) => {
      page.on("console", (message) => {
        const text = message.text();
        if (!text.startsWith("{")) return;
        const result = JSON.parse(text);
        if (result.done) resolve();
        else onResult(result);
      });
      page.on("pageerror", (error) => onResult({ message: `page: ${String(error).slice(0, 300)}` }));
      page.on("crash", () => reject(new Error("the page crashed")));
      browser.on("disconnected", () => reject(new Error("the browser ended")));
      const work = encodeURIComponent(JSON.stringify(job));
      page.goto(`http://127.0.0.1:${server.address().port}/#${work}`).catch(reject);
    });
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bundles the page and answers with it, the library, the peers' binaries, the training artifacts and the job's model. */
async function pageHandler(folder, { threads, path: model }) {
  const isolated = threads > 1;
  await build({
    entryPoints: [join(benchFolder, "jobs/page.mjs")],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: folder,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["worker_threads", "perf_hooks", "os", "fs", "path", "crypto", "util", "ws", "module", "url"],
  });
  const [bundle, project, artifacts] = [folder, root, artifactFolder].map((one) => serveFolder(one));
  return (request, response) => {
    if (isolated) for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value);
    if (request.url === "/") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(html);
    } else if (request.url.startsWith("/artifacts/")) {
      request.url = request.url.slice("/artifacts".length);
      artifacts(request, response);
    } else if (request.url === "/model.gguf") {
      createReadStream(model).pipe(response);
    } else if (/^\/(dist|node_modules|bench\/node_modules)\//.test(request.url)) {
      project(request, response);
    } else bundle(request, response);
  };
}
