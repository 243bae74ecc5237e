import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Inline scripts as policy sources. Data blocks need none. */
function scriptsIn(html) {
  const scripts = html.matchAll(/<script((?:\s[^>]*)?)>([^]*?)<\/script>/g);
  return [...scripts]
    .filter(([, attributes]) => !/\ssrc=/.test(attributes) && !/type="(?!module")/.test(attributes))
    .map(([, , code]) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`);
}

/**
 * The Content-Security-Policy of a finished site: its scripts, inline scripts by their hashes, and its frame with the Studio, which
 * may request models and federated rounds from other hosts.
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
