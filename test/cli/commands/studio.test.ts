// @needs browser
import { createServer as createPage, request } from "node:http";
import { createServer } from "node:net";
import { chromium } from "playwright";
import { expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../../scripts/browsers/chromium.mjs";
import { lowrank } from "../fixture.js";
import { servedStudio } from "./served-studio.js";

/** What the server says to a request as it is written, which `fetch` would tidy. */
const asked = (url: string, path: string, options: { method?: string; host?: string } = {}) =>
  new Promise<{ status: number; type: string; length: number }>((resolve, reject) => {
    const { method = "GET", host } = options;
    const { port } = new URL(url);
    const sent = request(
      { port, path, method, host: "127.0.0.1", headers: host === undefined ? {} : { host } },
      (answer) => {
        let length = 0;
        answer.on("data", (chunk: Buffer) => (length += chunk.length));
        answer.on("end", () =>
          resolve({ status: answer.statusCode!, type: answer.headers["content-type"] ?? "", length }),
        );
      },
    );
    sent.on("error", reject).end();
  });

it("opens the Studio in a browser, isolated, and ends with the command", async () => {
  const { code, result } = await servedStudio(async (url) => {
    const browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.getByText("Teach a model your labels").waitFor();
      return { isolated: await page.evaluate("crossOriginIsolated"), url };
    } finally {
      await browser.close();
    }
  });
  expect(code).toBe(0);
  expect(result.isolated).toBe(true);
  await expect(fetch(result.url)).rejects.toThrow();
});

it("forbids a page whatever the Studio does not do, and lets it ask the hub and the sites of --connect", async () => {
  const elsewhere = createPage((_request, response) =>
    response.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end("from elsewhere"),
  );
  await new Promise<void>((ready) => elsewhere.listen(0, "127.0.0.1", ready));
  const { port } = elsewhere.address() as { port: number };
  const browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
  try {
    const visit = async (url: string) => {
      const page = await browser.newPage();
      const forbidden: string[] = [];
      await page.exposeFunction("forbid", (what: string) => forbidden.push(what));
      await page.goto(url);
      await page.getByText("Teach a model your labels").waitFor();
      await page.evaluate(
        `document.addEventListener("securitypolicyviolation", (event) => forbid(event.effectiveDirective))`,
      );
      return { page, forbidden, asked: () => page.evaluate(`(${ask})("http://localhost:${port}/")`) };
    };
    const ask = `(url) => fetch(url).then((answer) => answer.text(), () => "nothing")`;
    await servedStudio(async (url) => {
      const { page, forbidden, asked } = await visit(url);
      expect(await asked()).toBe("nothing");
      await expect.poll(() => forbidden).toEqual(["connect-src"]);
      await page.evaluate(`const script = document.createElement("script");
        try { script.textContent = "document.title = 'injected'"; } catch {}
        document.body.append(script);
        const frame = document.createElement("iframe");
        frame.src = "http://localhost:${port}/";
        document.body.append(frame);
        document.body.setAttribute("style", "color: red");
        document.body.append(Object.assign(document.createElement("img"), { src: "http://localhost:${port}/pixel" }));`);
      await expect
        .poll(() => new Set(forbidden))
        .toEqual(new Set(["connect-src", "frame-src", "img-src", "require-trusted-types-for", "style-src-attr"]));
      expect(await page.title()).not.toBe("injected");
    });
    const site = `http://localhost:${port}`;
    await servedStudio(
      async (url) => {
        expect(await (await visit(url)).asked()).toBe("from elsewhere");
        const policy = (await fetch(url)).headers.get("Content-Security-Policy")!;
        const [, connect] = /connect-src ([^;]*)/.exec(policy)!;
        const hub = "https://huggingface.co https://*.huggingface.co https://*.hf.co";
        expect(connect).toBe(`'self' ${hub} ${site} https://models.example.org`);
      },
      "--connect",
      `${site}/a/path`,
      "--connect",
      "https://models.example.org",
    );
  } finally {
    await browser.close();
    elsewhere.close();
  }
});

it("hands out its files alone, to this machine alone", async () => {
  await servedStudio(async (url) => {
    expect(await asked(url, "/")).toMatchObject({ status: 200, type: "text/html; charset=utf-8" });
    expect(await asked(url, "/", { method: "HEAD" })).toMatchObject({ status: 200, length: 0 });
    for (const path of [
      "/../package.json",
      "/%2e%2e/package.json",
      "/..%2fpackage.json",
      "/models/../../x",
      "/%00",
      "/%",
      "/none",
    ])
      expect({ path, ...(await asked(url, path)) }).toMatchObject({ path, status: 404 });
    expect(await asked(url, "/", { method: "POST" })).toMatchObject({ status: 405 });
    expect(await asked(url, "/", { host: "example.com" })).toMatchObject({ status: 403 });
  });
});

it.each([
  ["studio", "--port", "99999", "0"],
  ["studio", "--port", "65536", "0"],
  ["studio", "--port", "-1", "0"],
  ["worker", "--board", "99999", "1"],
])("%s %s %s is refused, and its bounds are named", async (command, option, value, least) => {
  const { code, err } = await lowrank([command, option, value]);
  expect([code, err]).toEqual([2, expect.stringContaining(`A whole number from ${least} to 65535 is expected.`)]);
});

it.each(["models.example.org", "ftp://example.org", "https://a;b", "https:///", "*"])(
  "--connect %s is refused",
  async (site) => {
    const { code, err } = await lowrank(["studio", "--connect", site]);
    expect([code, err]).toEqual([2, expect.stringContaining("The address of a site is expected")]);
  },
);

it("names the port that is taken, and how to take another", async () => {
  const other = createServer();
  await new Promise<void>((ready) => other.listen(0, "127.0.0.1", ready));
  const { port } = other.address() as { port: number };
  const { code, err } = await lowrank(["studio", "--port", String(port)]);
  other.close();
  expect(code).toBe(1);
  expect(err).toBe(`error: port ${port} is in use; to use a free one: lowrank studio --port 0\n`);
});
