import { findFirefox, firefoxPreferences } from "../../scripts/firefox.mjs";
import { launchPuppeteer } from "./puppeteer.mjs";

/**
 * Firefox by WebDriver BiDi, which it speaks itself.
 *
 * @param {Record<string, unknown>} [preferences] of its profile, beside those that keep it quiet
 */
export const launch = (preferences) =>
  launchPuppeteer("firefox", {
    browser: "firefox",
    protocol: "webDriverBiDi",
    executablePath: findFirefox() ?? undefined,
    extraPrefsFirefox: { ...firefoxPreferences, ...preferences },
  });
