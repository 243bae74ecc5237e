// node scripts/studio/lighthouse.mjs [PAGE …]: scores of Lighthouse, from 0 to 100, for the Studio or pages of it ("#chat"), offline and in
// the Chromium that the tests use. Sets up what that needs, Lighthouse among the site's packages. Exits with 1 where a score is below 95.
import { join } from "node:path";
import { setUp, stepsForPackage } from "../setup/index.mjs";
import { root } from "../setup/paths.mjs";
import { explain } from "../setup/report.mjs";
import { chromium } from "../setup/steps/chromium.mjs";
import { siteModules } from "../setup/steps/site.mjs";
import { scoresOf } from "../site/lighthouse.mjs";
import { serveSite } from "../site/serve-site.mjs";

const LEAST = 95;

/** @param {string[]} pages */
async function main(pages) {
  await setUp([...stepsForPackage, chromium, siteModules]);
  const server = await serveSite({ folder: join(root, "web/dist") });
  try {
    for (const page of pages) {
      const scores = Object.entries(await scoresOf(`${server.url}${page}`));
      console.log(`/${page}  ${scores.map(([name, score]) => `${name} ${score}`).join(", ")}`);
      if (scores.some(([, score]) => score < LEAST)) process.exitCode = 1;
    }
  } finally {
    server.close();
  }
}

const [, , ...pages] = process.argv;
await main(pages.length > 0 ? pages : [""]).catch(explain);
