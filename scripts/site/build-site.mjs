import { constants, cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modelCache, root } from "../setup/paths.mjs";
import { run } from "../setup/process.mjs";
import { sitePolicy } from "./policy.mjs";
import { buildSpeedPage } from "./speed-page.mjs";

/** The site's sources. */
export const sourceFolder = join(root, "site");
/** The finished site. */
export const siteFolder = join(root, "build/site");

/** A Node version that Astro supports: this one, otherwise the one from npm. */
export function siteNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  const names = [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`];
  const found = names.map((name) => join(sourceFolder, "node_modules", name, "bin/node")).find(existsSync);
  return found ?? process.execPath;
}

/** Headers for hosts that read such a file: shared memory, and with it threads, and a strict policy. */
const headers = (folder, connect) => `/*
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
  Content-Security-Policy: ${sitePolicy(folder, connect)}
`;

/**
 * Writes the site with the Studio to build/site. The set-up has built the Studio (`stepsForPackage`). `base` is the path on the server;
 * with `model`, the Studio's model is part of the site, so that nothing is fetched from other hosts.
 * `connect` are further sites that the Studio may ask.
 * @param {{ base: string, model: boolean, connect?: readonly string[] }} options
 */
export async function buildSite({ base, model, connect = [] }) {
  const env = { SITE_BASE: base, ASTRO_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  const node = siteNode();
  await run(node, [join(sourceFolder, "generate/index.mjs"), base], { cwd: sourceFolder, env });
  rmSync(siteFolder, { recursive: true, force: true });
  await run(node, ["node_modules/astro/bin/astro.mjs", "build"], { cwd: sourceFolder, env });
  const studio = join(siteFolder, "studio");
  cpSync(join(root, "web/dist"), studio, { recursive: true, mode: constants.COPYFILE_FICLONE });
  if (model) {
    const name = "all-MiniLM-L6-v2";
    cpSync(join(modelCache, name), join(studio, "models", name), { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
  await buildSpeedPage(join(siteFolder, "speed"));
  writeFileSync(join(siteFolder, "_headers"), headers(siteFolder, connect));
}
