// npm run test:site [-- --built]: sets up, builds the site for a path of its own, links checked, and goes through it in Chromium.
import { setUp, stepsForPackage } from "./setup/index.mjs";
import { explain } from "./setup/report.mjs";
import { chromium } from "./setup/steps/chromium.mjs";
import { model } from "./setup/steps/model.mjs";
import { siteModules } from "./setup/steps/site.mjs";
import { buildSite } from "./site/build-site.mjs";

const base = "/docs/lowrank/";

async function main() {
  await setUp([...stepsForPackage, model, chromium, siteModules]);
  if (!process.argv.includes("--built")) await buildSite({ base, model: true });
  const { goThroughSite } = await import("./site/go-through.mjs");
  await goThroughSite(base);
}

await main().catch(explain);
