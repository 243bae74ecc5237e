import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { launchPuppeteer } from "./puppeteer.mjs";

/** By puppeteer: Playwright makes every tab believe that it is seen. */
export const launch = () =>
  launchPuppeteer("chromium", {
    executablePath: findChromium() ?? chromium.executablePath(),
    args: chromiumArguments,
    // Tabs that are hidden are slowed down, as they are for users.
    ignoreDefaultArgs: [
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
    ],
  });
