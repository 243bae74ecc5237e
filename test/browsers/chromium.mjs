import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "../../scripts/chromium.mjs";

/** @returns {Promise<import("./browser.mjs").Browser>} */
export async function launch() {
  const executablePath = findChromium() ?? undefined;
  const browser = await chromium.launch({ executablePath, args: chromiumArguments });
  return {
    name: "chromium",
    version: browser.version(),
    async openPage(url) {
      const page = await browser.newPage();
      await page.goto(url);
      return { evaluate: (expression) => page.evaluate(expression), close: () => page.close() };
    },
    close: () => browser.close(),
  };
}
