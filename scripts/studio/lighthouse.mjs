// node scripts/studio/lighthouse.mjs LIGHTHOUSE [FOLDER] [PAGE …]: scores of Lighthouse, from 0 to 100, for a site of static files, the
// studio's unless another is named, offline and in the Chromium that the tests use. LIGHTHOUSE is the folder of npm's package, which needs
// Node 22. Exits with 1 where a score is below 95, and says what was found.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { findChromium } from "../chromium.mjs";
import { root } from "../setup/paths.mjs";

const LEAST = 95;
const [lighthouse, site = join(root, "build/studio"), ...pages] = process.argv.slice(2);
if (lighthouse === undefined) throw new Error("expected the folder of npm's lighthouse: node_modules/lighthouse");

const types = {
  ...{ html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript", json: "application/json" },
  ...{ svg: "image/svg+xml", webmanifest: "application/manifest+json", wasm: "application/wasm" },
  ...{ webp: "image/webp", png: "image/png", txt: "text/plain; charset=utf-8" },
};

/** As hosts of static files do it: text compressed, what has a hash in its name kept. */
async function answer(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  const name = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const found = await readFile(join(resolve(site), name)).catch(() => null);
  if (found === null) return response.writeHead(404).end();
  const ending = name.slice(name.lastIndexOf(".") + 1);
  const isText = ending in types && ending !== "wasm" && ending !== "webp" && ending !== "png";
  response.writeHead(200, {
    "Content-Type": types[ending] ?? "application/octet-stream",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": /\/assets\/|\/_astro\//.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
    ...(isText && { "Content-Encoding": "gzip" }),
  });
  response.end(isText ? gzipSync(found) : found);
}

const server = createServer((request, response) => void answer(request, response));
await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const folder = await mkdtemp(join(tmpdir(), "lowrank-lighthouse-"));
let least = 100;
try {
  for (const page of pages.length > 0 ? pages : [""]) {
    const report = join(folder, "report.json");
    const options = [
      "--output=json",
      `--output-path=${report}`,
      "--quiet",
      "--chrome-flags=--headless=new --no-sandbox",
    ];
    const args = [join(resolve(lighthouse), "cli/index.js"), `http://127.0.0.1:${port}/${page}`, ...options];
    await promisify(execFile)(process.execPath, args, { env: { ...process.env, CHROME_PATH: findChromium() } });
    const { categories, audits } = JSON.parse(await readFile(report, "utf8"));
    const scores = Object.values(categories).map(({ title, score }) => [title, Math.round(100 * score)]);
    console.log(`/${page}  ${scores.map(([title, score]) => `${title} ${score}`).join(", ")}`);
    for (const { auditRefs } of Object.values(categories))
      for (const { id, weight } of auditRefs) {
        const { score, title, displayValue = "" } = audits[id];
        if (weight > 0 && score !== null && score < 0.9) console.log(`  ${score} ${title} ${displayValue}`);
      }
    least = Math.min(least, ...scores.map(([, score]) => score));
  }
} finally {
  server.close();
  await rm(folder, { recursive: true, force: true });
}
if (least < LEAST) process.exitCode = 1;
