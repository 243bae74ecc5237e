import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { type Browser, chromium, type Page } from "playwright";
import { chromiumArguments, findChromium } from "../../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../../scripts/serve-folder.mjs";
import { root } from "../../../scripts/setup/paths.mjs";

/** A page of Chromium with WebGPU on SwiftShader, in which `call` runs a function of in-page.ts. */
export class GpuPage {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    private readonly page: Page,
  ) {}

  static async open(): Promise<GpuPage> {
    const program = await bundled({
      entryPoints: [join(root, "test/engine/webgpu/in-page.ts")],
      globalName: "gpuTests",
    });
    const files = serveFolder(root);
    const server = createServer((request, response) => {
      if (request.url !== "/") return files(request, response);
      response.setHeader("content-type", "text/html").end(`<!doctype html><link rel="icon" href="data:,">`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const args = [...chromiumArguments, "--enable-unsafe-webgpu"];
    const browser = await chromium.launch({ executablePath: findChromium()!, args });
    const page = await browser.newPage();
    // WebGPU needs a secure context, which loopback is.
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: program });
    await page.evaluate(`gpuTests.useBinary("/build/wasm/simd/lowrank_wasm_bg.wasm")`);
    return new GpuPage(server, browser, page);
  }

  call<T>(name: string, argument?: unknown): Promise<T> {
    return this.page.evaluate<T>(`gpuTests.${name}(${JSON.stringify(argument) ?? ""})`);
  }

  /** Runs a program that imports lowrank; gives the lines that it logs. */
  async logged(program: string): Promise<string[]> {
    // A global, so that the program finds the page's binary and one script needs no address.
    const code = program.replace(/import (\{[^}]*\}) from "lowrank";/, "const $1 = gpuTests.lowrank;");
    await this.page.evaluate(`globalThis.lines = [];
      console.log = (...parts) => lines.push(parts.join(" "));
      (async () => { ${code} })()`);
    return this.page.evaluate("lines");
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.close();
  }
}

/** A script of a page. */
async function bundled(options: BuildOptions): Promise<string> {
  const common = { bundle: true, format: "iife", write: false, target: "es2022", logLevel: "error" } as const;
  const { outputFiles } = await build({ ...options, ...common });
  return outputFiles[0]!.text;
}
