import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Scripts that stand in pages, each as a policy names it. Data that is no script needs no leave. */
function scriptsIn(html) {
  const scripts = html.matchAll(/<script((?:\s[^>]*)?)>([^]*?)<\/script>/g);
  return [...scripts]
    .filter(([, attributes]) => !/\ssrc=/.test(attributes) && !/type="(?!module")/.test(attributes))
    .map(([, , code]) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`);
}

/**
 * The Content-Security-Policy of a finished site: its own scripts, those in its pages by their hashes, and its frame with the Studio, which
 * asks other hosts for models and for a federation's rounds.
 * @param {string} folder of the site
 */
export function sitePolicy(folder) {
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  const scripts = new Set(pages.flatMap((name) => scriptsIn(readFileSync(join(folder, name), "utf8"))));
  return [
    ...["default-src 'none'", `script-src 'self' 'wasm-unsafe-eval' ${[...scripts].sort().join(" ")}`.trim()],
    ...["worker-src 'self'", "manifest-src 'self'", "style-src 'self' 'unsafe-inline'", "font-src 'self' data:"],
    ...["img-src 'self' data: blob:", "connect-src 'self' https: http:", "frame-src 'self'", "frame-ancestors 'self'"],
    ...["base-uri 'none'", "form-action 'none'"],
  ].join("; ");
}
