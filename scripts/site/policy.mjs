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

/** The Hugging Face hub, and the hosts that it redirects downloads to: those of `lowrank studio` too (ts/cli/files/studio-policy.ts). */
const hub = ["https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co"];

/**
 * The Content-Security-Policy of a finished site: its scripts, inline scripts by their hashes, and its frame with the Studio, which
 * may request models from the hub, and what else the site's owner allows.
 * @param {string} folder of the site
 * @param {readonly string[]} connect further origins, for models or federated rounds
 */
export function sitePolicy(folder, connect = []) {
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  const scripts = new Set(pages.flatMap((name) => scriptsIn(readFileSync(join(folder, name), "utf8"))));
  return [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval' ${[...scripts].sort().join(" ")}`.trim(),
    "worker-src 'self'",
    "manifest-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...hub, ...connect].join(" ")}`,
    "frame-src 'self'",
    "frame-ancestors 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
