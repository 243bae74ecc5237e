import puppeteer from "puppeteer-core";

/**
 * A browser by puppeteer. Its pages are tabs of one window: the one that was opened or brought to the front last is seen, the others
 * are hidden.
 *
 * @param {import("./browser.mjs").BrowserName} name
 * @param {import("puppeteer-core").LaunchOptions} options
 * @returns {Promise<import("./browser.mjs").Browser>}
 */
export async function launchPuppeteer(name, options) {
  const browser = await puppeteer.launch({
    ...options,
    // Longer than any evaluation.
    protocolTimeout: 600_000,
    timeout: 120_000,
  });
  /** What is seen where a page is hidden. */
  let cover = null;
  return {
    name,
    version: await browser.version(),
    async openPage(url) {
      const page = await browser.newPage();
      page.setDefaultNavigationTimeout(120_000);
      await page.goto(url);
      return {
        evaluate: (expression) => page.evaluate(expression),
        async hide() {
          cover ??= await browser.newPage();
          await cover.bringToFront();
        },
        show: () => page.bringToFront(),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}
