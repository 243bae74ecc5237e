import puppeteer from "puppeteer-core";
import { findFirefox, firefoxPreferences } from "../../scripts/firefox.mjs";

/**
 * Firefox by WebDriver BiDi, which it speaks itself.
 * @returns {Promise<import("./browser.mjs").Browser>}
 */
export async function launch() {
  const browser = await puppeteer.launch({
    browser: "firefox",
    protocol: "webDriverBiDi",
    executablePath: findFirefox() ?? undefined,
    extraPrefsFirefox: firefoxPreferences,
    // Longer than any evaluation.
    protocolTimeout: 600_000,
    timeout: 120_000,
  });
  return {
    name: "firefox",
    version: await browser.version(),
    async openPage(url) {
      const page = await browser.newPage();
      page.setDefaultNavigationTimeout(120_000);
      await page.goto(url);
      return { evaluate: (expression) => page.evaluate(expression), close: () => page.close() };
    },
    close: () => browser.close(),
  };
}
