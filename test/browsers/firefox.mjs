import { once } from "node:events";
import { mkdirSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { findFirefox, firefoxPreferences } from "../../scripts/browsers/firefox.mjs";
import { launchPuppeteer } from "./puppeteer.mjs";

const options = (preferences) => ({
  browser: "firefox",
  protocol: "webDriverBiDi",
  executablePath: findFirefox() ?? undefined,
  extraPrefsFirefox: { ...firefoxPreferences, ...preferences },
});

/**
 * Firefox by WebDriver BiDi, which it speaks itself.
 *
 * @param {Record<string, unknown>} [preferences] of its profile, beside those that keep it quiet
 */
export const launch = (preferences) => launchPuppeteer("firefox", options(preferences));

/**
 * Firefox with a profile that stays. A page has to tell by itself what becomes of it.
 *
 * @param {string} folder of its profile
 * @param {string} url the page that it opens
 * @returns {Promise<{ kill: () => Promise<void> }>} `kill` ends it at once, as a crash does
 */
export async function openFirefox(folder, url) {
  mkdirSync(folder, { recursive: true });
  const browser = await puppeteer.launch({ ...options(), userDataDir: folder, timeout: 120_000 });
  const program = browser.process();
  const ended = once(program, "exit");
  const page = await browser.newPage();
  await page.goto(url);
  return {
    async kill() {
      program.kill("SIGKILL");
      await ended;
    },
  };
}
