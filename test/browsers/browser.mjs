/**
 * @typedef {object} Page
 * @property {(expression: string) => Promise<any>} evaluate value of an expression in the page, or of the promise that it is; as JSON
 * @property {() => Promise<unknown>} hide covers it by another tab, or puts its window away
 * @property {() => Promise<unknown>} show ends that
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

/**
 * Opens a page and waits until it is there, with what its script makes.
 *
 * @param {Browser} browser
 * @param {string} url
 * @param {string} [made] a global that its script sets, last of what the test asks for: a page may be loaded before its modules have run
 * @returns {Promise<Page>}
 */
export async function openPage(browser, url, made) {
  const page = await browser.openPage(url);
  if (made === undefined) return page;
  const look = `if (${JSON.stringify(made)} in globalThis) resolve(true); else setTimeout(look, 20);`;
  await page.evaluate(`new Promise((resolve) => { const look = () => { ${look} }; look(); })`);
  return page;
}
