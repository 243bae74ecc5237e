import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright";
import { expect } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { modelCache } from "../../scripts/setup/paths.mjs";

/** A server on loopback of a document's example. */
export interface ServedFolder {
  /** Without a slash at its end. */
  readonly origin: string;
  close(): void;
}

/** Headers that pages have, by their names. */
type PageHeaders = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Serves a folder, and below models/ the real models, where the pages of examples look for them. */
export async function serveExample(folder: string, headers: PageHeaders = {}): Promise<ServedFolder> {
  const [files, models] = [serveFolder(folder), serveFolder(modelCache)];
  const answer: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(headers[request.url!.slice(1)] ?? {})) response.setHeader(name, value);
    const isModel = request.url!.startsWith("/models/");
    if (isModel) request.url = request.url!.slice("/models".length);
    (isModel ? models : files)(request, response);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Such a folder's pages in Chromium. */
export class ServedPages {
  private constructor(
    private readonly server: ServedFolder,
    private readonly browser: Browser,
  ) {}

  static async of(folder: string, headers?: PageHeaders): Promise<ServedPages> {
    const browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
    return new ServedPages(await serveExample(folder, headers), browser);
  }

  /** Opens a page; what title it gives itself at its end, or the error that it throws before. */
  async open(name: string): Promise<{ readonly page: Page; readonly title: string }> {
    const page = await this.browser.newPage();
    const failed = new Promise<string>((resolve) => page.on("pageerror", (error) => resolve(String(error))));
    await page.goto(`${this.server.origin}/${name}`);
    // Not asked by a function in the page, which Trusted Types would take for a text to be run.
    const named = expect.poll(() => page.title(), { timeout: 150_000 }).not.toBe("");
    const done = Promise.resolve(named).then(() => page.title());
    return { page, title: await Promise.race([done, failed]) };
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.close();
  }
}
