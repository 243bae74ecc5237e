// @needs browser
// @rest consumers
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { root } from "../../scripts/setup/paths.mjs";

const POLICY =
  "default-src 'none'; connect-src *; script-src 'self' http://localhost:* 'wasm-unsafe-eval'; worker-src 'self' blob:; " +
  "require-trusted-types-for 'script'";
/** Names of policies that a page and its workers may make. */
const lists: Readonly<Record<string, string>> = {
  any: "",
  listed: "; trusted-types lowrank",
  mine: "; trusted-types mine",
  both: "; trusted-types mine lowrank",
  none: "; trusted-types 'none'",
};
const project = serveFolder(root);

/** `/<list>/project/…`, `/packages/project/…` for other origins, and an empty page for everything else: all of a list comes with its policy. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, kind = "", part, ...path] = request.url!.split("/");
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  if (kind === "packages") {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    const type = path.at(-1)!.endsWith(".js") ? "text/javascript" : "application/wasm";
    return void response.writeHead(200, { "Content-Type": type }).end(readFileSync(join(root, ...path)));
  }
  if (kind in lists) response.setHeader("Content-Security-Policy", POLICY + lists[kind]);
  request.url = `/${path.join("/")}`;
  if (part === "project") return project(request, response);
  response.setHeader("Content-Type", "text/html");
  response.end(`<!doctype html><link rel="icon" href="data:,">`);
}

// As texts: what is run in the page is not to be transformed for Node. `mine` makes a TrustedScriptURL as a page does.
const MINE = `(address) => trustedTypes.createPolicy("mine", { createScriptURL: (text) => text }).createScriptURL(address)`;
const programs = {
  init: `import(from + "/project/dist/browser.js").then(({ init }) => init({ threads: 2, ...options }))`,
  startWorker: `import(from + "/project/dist/remote-browser.js").then(async ({ startWorker }) =>
    (await startWorker({ threads: 2, ...options })).info)`,
};

let server: Server;
let browser: Browser;
beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

const port = () => (server.address() as AddressInfo).port;
const packages = () => `http://localhost:${port()}/packages`;

/** Threads of an engine in a page, on its own thread or in a worker, and why they are fewer; or how the start fails. `options` is a script. */
async function threads(program: keyof typeof programs, kind: string, options = "{}", from = `/${kind}`) {
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${port()}/${kind}/`);
    return await page.evaluate<string>(`(async () => {
      const [from, mine] = [${JSON.stringify(from)}, ${MINE}];
      try {
        const options = ${options};
        const { threads, threadsRefused } = await ${programs[program]};
        return threads + " " + threadsRefused;
      } catch (error) {
        return String(error);
      }
    })()`);
  } finally {
    await page.close();
  }
}

const both = ["init", "startWorker"] as const;
const files = { init: "worker-browser.js", startWorker: "lowrank-worker.js" };
const names = { init: "worker", startWorker: "url" };
const REMEDY =
  /Trusted Types forbid it: let trusted-types allow the policy "lowrank", or give a TrustedScriptURL or a Worker of your own/;

it.each(both)("%s starts the package's own workers by its policy, from another origin too", async (program) => {
  for (const kind of ["any", "listed"]) {
    expect(await threads(program, kind)).toBe("2 null");
    expect(await threads(program, kind, "{}", packages())).toBe("2 null");
  }
});

it.each(both)("%s says what to do where the page's list has no policy of that name", async (program) => {
  for (const kind of ["mine", "none"]) {
    const said = await threads(program, kind);
    expect(said).toMatch(REMEDY);
    // One thread serves as well; a worker is what was asked for.
    expect(said).toMatch(
      program === "init" ? /^1 / : /^UnsupportedError: startWorker: the worker could not be started/,
    );
  }
});

it.each(both)("%s takes an address that a policy of the page's has let pass", async (program) => {
  const own = (kind: string) => `{ ${names[program]}: mine("/${kind}/project/dist/${files[program]}") }`;
  expect(await threads(program, "both", own("both"))).toBe("2 null");
  expect(await threads(program, "any", own("any"))).toBe("2 null");
  const elsewhere = `{ ${names[program]}: mine("${packages()}/project/dist/${files[program]}") }`;
  expect(await threads(program, "both", elsewhere)).toBe("2 null");
  // Its worker's own threads need a policy there.
  const alone = await threads(program, "mine", own("mine"));
  expect(alone).toMatch(program === "init" ? /^2 null$/ : /^1 .*Trusted Types forbid/);
});

it.each(both)("%s lets no text pass that was given as an address", async (program) => {
  for (const at of ["/any", packages()]) {
    const said = await threads(program, "any", `{ ${names[program]}: "${at}/project/dist/${files[program]}" }`);
    expect(said).toMatch(REMEDY);
  }
});

it("takes workers that the page has started by a policy of its own", async () => {
  const given = (file: string) => `new Worker(mine("/mine/project/dist/${file}"))`;
  expect(await threads("init", "mine", `{ worker: () => ${given("worker-browser.js")} }`)).toBe("2 null");
  expect(await threads("startWorker", "mine", `{ worker: ${given("lowrank-worker.js")}, threads: 1 }`)).toBe("1 null");
});
