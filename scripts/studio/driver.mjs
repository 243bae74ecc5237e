import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { build } from "vite";
import { chromiumArguments, findChromium } from "../browsers/chromium.mjs";
import { serveFolder } from "../serve-folder.mjs";
import { passOn } from "../servers/pass-on.mjs";
import { modelCache, root } from "../setup/paths.mjs";
import { studio } from "../setup/steps/studio.mjs";

/**
 * Writes the Studio's files into the subfolder `site` of a new temporary folder: a copy of those that the set-up has built, if they are of
 * these sources. Without `minify`, functions have their names.
 */
export async function buildStudio({ minify = true } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-studio-"));
  const site = join(folder, "site");
  if (minify && !studio.needed()) {
    await cp(join(root, "web/dist"), site, { recursive: true });
    return { folder, site };
  }
  // A test runner's environment would change the build.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  await build({ configFile: join(root, "web/vite.config.ts"), logLevel: "error", build: { outDir: site, minify } });
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  return { folder, site };
}

/**
 * Builds the Studio and serves it with its model on the loopback interface.
 * @param {{ isolated?: boolean, minify?: boolean, policy?: string, federation?: string, models?: (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void }} how
 *   without isolation there are no threads; policy is a Content-Security-Policy; federation is a Flower server's address, forwarded from flower/;
 *   models handles requests below models/ instead of the cache's folder
 */
export async function serveStudio({
  isolated = true,
  minify = true,
  policy,
  federation,
  models = serveFolder(modelCache),
} = {}) {
  const { folder, site } = await buildStudio({ minify });
  const files = serveFolder(site);
  const received = /** @type {{ method: string, url: string, bytes: number }[]} */ ([]);
  const server = createServer((request, response) => {
    const one = { method: request.method ?? "", url: request.url ?? "", bytes: 0 };
    received.push(one);
    request.on("data", (chunk) => (one.bytes += chunk.length));
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    if (policy !== undefined) response.setHeader("Content-Security-Policy", policy);
    if (federation !== undefined && request.url.startsWith("/flower/v1/fleet/"))
      return passOn(federation + request.url.slice("/flower".length), request, response);
    if (!request.url.startsWith("/models/")) return files(request, response);
    request.url = request.url.slice("/models".length);
    models(request, response);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}/`, folder, received, close };
}

/** The served Studio in a Chromium with a profile on disk. */
export class Studio {
  url = "";
  view = {};
  folder = "";
  /** What the server was asked so far, by pages and by every worker: method, path with query, and the body's size. */
  received = /** @type {{ method: string, url: string, bytes: number }[]} */ ([]);
  close = async () => {};
  /** Set by `start`. */
  context = /** @type {import("playwright").BrowserContext} */ (/** @type {unknown} */ (undefined));
  /** All requests of all pages so far: address and body. */
  asked = /** @type {{ url: string, body: string | null }[]} */ ([]);

  /** @param {{ width?: number, height?: number, dark?: boolean, locale?: string, args?: readonly string[] } & NonNullable<Parameters<typeof serveStudio>[0]>} view */
  static async start(view = {}) {
    const studio = Object.assign(new Studio(), { view, ...(await serveStudio(view)) });
    await studio.launch();
    return studio;
  }

  async launch() {
    const { width = 1280, height = 860, dark = false, locale = "en-GB", args = [] } = this.view;
    this.context = await chromium.launchPersistentContext(join(this.folder, "profile"), {
      executablePath: findChromium(),
      args: [...chromiumArguments, ...args],
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      locale,
      acceptDownloads: true,
    });
    this.context.on("request", (request) => this.asked.push({ url: request.url(), body: request.postData() }));
  }

  /** A tab with the Studio at a step. Errors in the page end the test. */
  async open(step = "data") {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.goto(`${this.url}#${step}`);
    await page.locator("main").waitFor();
    return page;
  }

  /**
   * A tab with a table, which replaces that of an earlier tab.
   * @param {string} name
   * @param {string} content
   */
  async openTable(name, content) {
    const page = await this.open();
    const another = page.getByRole("button", { name: "Use another table" });
    await page.locator(".bring, div.how-read").first().waitFor();
    if (await another.isVisible()) await another.click();
    await give(page, name, content);
    await page.getByRole("link", { name: "Go on to training" }).waitFor();
    return page;
  }

  /** Crashes the browser and starts it again with the same profile. */
  async kill() {
    const session = await this.context.newCDPSession(this.context.pages()[0]);
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    session.send("Browser.crash").catch(() => undefined);
    await closed;
    await this.launch();
  }

  async end() {
    await this.context.close();
    await this.close();
  }
}

/**
 * Chooses a file in the page's input.
 * @param {import("playwright").Page} page
 * @param {string} name
 * @param {string | Uint8Array} content
 */
export const give = (page, name, content) =>
  page
    .locator("input[type=file]")
    .first()
    .setInputFiles({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });

/**
 * Ends all animations that end. Waiting for them may take forever: a browser without a window need not draw a frame.
 * @param {import("playwright").Page} page
 */
export const arrived = (page) =>
  page.evaluate(() => {
    for (const animation of globalThis.document.getAnimations())
      if (animation.effect.getComputedTiming().endTime !== Infinity) animation.finish();
  });

/**
 * Serious and critical findings of axe-core, each with its rule and element.
 * @param {import("playwright").Page} page
 * @returns {Promise<string[]>}
 */
export async function seriousIn(page) {
  await page.evaluate(await readFile(join(root, "node_modules/axe-core/axe.min.js"), "utf8"));
  // Animations change colours.
  await arrived(page);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return serious.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
    );
  });
}
