import { copyFileSync, mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { passOn } from "../../scripts/servers/pass-on.mjs";
import { root } from "../../scripts/setup/paths.mjs";
import { ModelServer } from "./model-server.js";
import type { lowrank as everything } from "./everything.js";
import type { remote as inWorker } from "./remote.js";

declare global {
  /** What pages of these tests have: everything that the package exports. */
  var lowrank: typeof everything;
  /** What those that work in a worker have. */
  var remote: typeof inWorker;
}

const html = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/lib/everything.js"></script>`;

/** What pages of a federation have beside the rest. */
interface Federation {
  /** Of the SuperLink, whose calls are at "/flower/…". */
  readonly address: string;
  /** A script of the library's, by its file. */
  readonly script: string;
}

/** A Chromium with a profile on the disk, and a server whose pages have the library and models to fetch. */
export class BrowserDriver {
  /** What the server answers for models: "/models/…". */
  readonly models = new ModelServer();

  private constructor(
    /** Of its files: lib/ is served. */
    readonly folder: string,
    private readonly server: Server,
    readonly url: string,
    /** Files of pages beside the library's, by name. */
    readonly pages: Record<string, string>,
    private context: BrowserContext,
  ) {}

  /** @param pages files beside the library's, by name, such as scripts of a page */
  static async start(
    pages: Record<string, string> = {},
    policy: string | null = null,
    federation: Federation | null = null,
  ): Promise<BrowserDriver> {
    const folder = await mkdtemp(join(tmpdir(), "lowrank-pages-"));
    await bundle(join(folder, "lib"), federation === null ? [] : [federation.script]);
    const files = serveFolder(folder);
    let driver: BrowserDriver | null = null;
    const server = createServer((request: IncomingMessage, response: ServerResponse) => {
      const path = request.url!.split("?")[0]!;
      if (policy !== null) response.setHeader("Content-Security-Policy", policy);
      if (path.startsWith("/models/")) return driver!.models.answer(path.slice("/models/".length), request, response);
      if (path.startsWith("/lib/")) return files(request, response);
      if (federation !== null && path.startsWith("/flower/"))
        return passOn(path.replace("/flower", federation.address), request, response);
      const type = path.endsWith(".js") ? "text/javascript" : "text/html";
      response.writeHead(200, { "Content-Type": type }).end(pages[path.slice(1)] ?? html);
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    driver = new BrowserDriver(folder, server, url, pages, await launch(folder));
    return driver;
  }

  /** A tab, with the library loaded. */
  async tab(): Promise<Page> {
    const page = await this.open("/");
    await page.waitForFunction("globalThis.lowrank !== undefined");
    return page;
  }

  /** A tab with a page; `listen` is called before it is there. */
  async open(path: string, listen: (page: Page) => void = () => undefined): Promise<Page> {
    const page = await this.context.newPage();
    listen(page);
    await page.goto(this.url + path);
    return page;
  }

  /** Cuts what the server holds as soon as the page's `done` says that it has so many bytes. */
  async cutAt(page: Page, bytes: number): Promise<void> {
    await page.waitForFunction(`globalThis.done >= ${bytes}`, null, { polling: 50 });
    await page.evaluate("globalThis.done = 0");
    this.models.cut();
  }

  /** What a page makes of its title, or the first error it throws. */
  async titleOf(path: string): Promise<string> {
    const page = await this.context.newPage();
    const failed = new Promise<string>((resolve) => page.on("pageerror", (error) => resolve(error.message)));
    await page.goto(this.url + path);
    const titled = new Promise<string>((resolve) => {
      const look = async (): Promise<void> => {
        const title = await page.title();
        if (title !== "") return resolve(title);
        setTimeout(() => void look(), 50);
      };
      void look();
    });
    const result = await Promise.race([titled, failed]);
    await page.close();
    return result;
  }

  /** Ends the browser as a crash does, and starts it again with the same profile. */
  async kill(): Promise<void> {
    const session = await this.context.newCDPSession(this.context.pages()[0]!);
    const closed = new Promise((resolve) => this.context.once("close", resolve));
    session.send("Browser.crash").catch(() => undefined);
    await closed;
    this.context = await launch(this.folder);
  }

  /** Closes the browser, and starts it again with the same profile. */
  async restart(): Promise<void> {
    await this.context.close();
    this.context = await launch(this.folder);
  }

  /** The server goes: whoever asks gets no answer. */
  closeServer(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Closes browser and server, and removes what they had. */
  async end(): Promise<void> {
    await this.context.close();
    this.closeServer();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const launch = (folder: string) =>
  chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: findChromium()!,
    args: chromiumArguments,
  });

async function bundle(outdir: string, more: readonly string[]): Promise<void> {
  mkdirSync(join(outdir, "wasm"), { recursive: true });
  for (const variant of ["simd", "relaxed"])
    copyFileSync(
      join(root, `build/wasm/${variant}/lowrank_wasm_bg.wasm`),
      join(outdir, `wasm/lowrank-${variant}.wasm`),
    );
  const scripts = ["test/pages/everything.ts", "test/pages/remote.ts", ...more];
  const entryPoints = scripts.map((script) => ({ in: join(root, script), out: basename(script, ".ts") }));
  const settings = { outdir, bundle: true, logLevel: "error" } as const;
  // As a page's packages find it.
  const alias = { "lowrank/extension": join(root, "ts/entry/extension.ts") };
  await build({ ...settings, entryPoints, alias, splitting: true, format: "esm" });
  await build({ ...settings, entryPoints: [join(root, "ts/entry/lowrank-worker.ts")], format: "iife" });
}
