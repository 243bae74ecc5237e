import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromiumArguments, findChromium } from "../browsers/chromium.mjs";
import { run } from "../setup/process.mjs";
import { siteNode, sourceFolder } from "./build-site.mjs";

/**
 * Lighthouse's scores of a page (0 to 100) by category, with its simulated phone and slow network.
 * @param {string} url
 * @returns {Promise<Record<string, number>>}
 */
export async function scoresOf(url) {
  const report = join(sourceFolder, "node_modules/.lighthouse.json");
  const program = join(sourceFolder, "node_modules/lighthouse/cli/index.js");
  const flags = `--chrome-flags=--headless=new ${chromiumArguments.join(" ")}`;
  const four = "--only-categories=performance,accessibility,best-practices,seo";
  const options = [four, "--output=json", `--output-path=${report}`, "--quiet", "--no-enable-error-reporting", flags];
  await run(siteNode(), [program, url, ...options], { cwd: sourceFolder, env: { CHROME_PATH: findChromium() ?? "" } });
  const { categories, audits } = JSON.parse(readFileSync(report, "utf8"));
  rmSync(report);
  const scores = Object.entries(categories).map(([name, { score }]) => [name, Math.round(100 * score)]);
  const low = Object.values(categories).flatMap(({ auditRefs }) =>
    auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id].score ?? 1) < 0.9).map(({ id }) => id),
  );
  if (low.length > 0) console.log(`  below 90: ${low.join(", ")}`);
  return Object.fromEntries(scores);
}
