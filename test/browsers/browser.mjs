/**
 * @typedef {object} Page
 * @property {(expression: string) => Promise<any>} evaluate value of an expression in the page, or of the promise that it is; as JSON
 * @property {() => Promise<unknown>} [bringToFront] hides the browser's other pages; where a browser has several
 * @property {() => Promise<unknown>} close
 *
 * @typedef {object} Browser
 * @property {string} name
 * @property {string} version
 * @property {(url: string) => Promise<Page>} openPage opens a page and waits until it is loaded
 * @property {() => Promise<unknown>} close
 */

/** @typedef {"chromium" | "firefox" | "webkit"} BrowserName */

const starts = {
  chromium: () => import("./chromium.mjs"),
  firefox: () => import("./firefox.mjs"),
  webkit: () => import("./webkit.mjs"),
};

/**
 * Starts a browser of a fresh profile.
 *
 * @param {BrowserName} name
 * @param {Record<string, unknown>} [preferences] of Firefox's profile
 * @returns {Promise<Browser>}
 */
export async function launchBrowser(name, preferences) {
  const { launch } = await starts[name]();
  return launch(preferences);
}

/** @param {Browser} browser @param {string} url @returns {Promise<Page>} */
export const openPage = (browser, url) => browser.openPage(url);
