import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright";
import { build } from "vite";
import { chromiumArguments, findChromium } from "../../scripts/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { modelCache, root } from "../../scripts/setup/paths.mjs";

/** A request that pages made: its address, and what it carried. */
export interface Asked {
  readonly url: string;
  readonly body: string | null;
}

/** How the studio is looked at. */
export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly locale?: string;
  /** Whether the server gives the pages shared memory. */
  readonly isolated?: boolean;
}

/** The studio as it is built, served with the model, in a Chromium with a profile on the disk. */
export class Studio {
  /** Every request of every page so far. */
  readonly asked: Asked[] = [];
  private context!: BrowserContext;

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
    readonly url: string,
    private readonly view: View,
  ) {}

  static async start(view: View = {}): Promise<Studio> {
    const folder = await mkdtemp(join(tmpdir(), "lowrank-studio-"));
    const site = join(folder, "site");
    await build({ configFile: join(root, "web/vite.config.ts"), logLevel: "error", build: { outDir: site } });
    const [files, models] = [serveFolder(site), serveFolder(modelCache)];
    const server = createServer((request, response) => {
      if (view.isolated ?? true) {
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
      }
      if (!request.url!.startsWith("/models/")) return files(request, response);
      request.url = request.url!.slice("/models".length);
      models(request, response);
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const studio = new Studio(folder, server, url, view);
    await studio.launch();
    return studio;
  }

  private async launch(): Promise<void> {
    const { width = 1280, height = 860, dark = false, locale = "en-GB" } = this.view;
    this.context = await chromium.launchPersistentContext(join(this.folder, "profile"), {
      executablePath: findChromium()!,
      args: chromiumArguments,
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      locale,
      acceptDownloads: true,
    });
    this.context.on("request", (request) => this.asked.push({ url: request.url(), body: request.postData() }));
  }

  /** A tab with the studio, at a step. What a page throws ends the test. */
  async open(step = "data"): Promise<Page> {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.goto(`${this.url}#${step}`);
    await page.locator("main").waitFor();
    return page;
  }

  /** Ends the browser as a crash does, and starts it again with the same profile. */
  async kill(): Promise<void> {
    const session = await this.context.newCDPSession(this.context.pages()[0]!);
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    session.send("Browser.crash").catch(() => undefined);
    await closed;
    await this.launch();
  }

  async end(): Promise<void> {
    await this.context.close();
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Gives a file to the page's input, by what it is called. */
export const give = (page: Page, name: string, content: string | Uint8Array) =>
  page
    .locator("input[type=file]")
    .first()
    .setInputFiles({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });

/** What axe-core finds that is serious or critical, each as its rule and where. */
export async function seriousIn(page: Page): Promise<string[]> {
  const source = await readFile(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
  await page.evaluate(source);
  return page.evaluate(async () => {
    interface Violation {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary: string }[];
    }
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: readonly Violation[] }> } };
    const { violations } = await axe.run();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return serious.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
  });
}
