import { request } from "node:http";
import { createServer } from "node:net";
import { chromium } from "playwright";
import { expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { lowrank } from "./fixture.js";

/** Runs the command as long as `use` needs it. */
async function served<T>(use: (url: string) => Promise<T>): Promise<{ code: number; result: T }> {
  const ending = new AbortController();
  let found = (_url: string) => {};
  const url = new Promise<string>((resolve) => (found = resolve));
  const running = lowrank(["studio", "--port", "0"], {
    signal: ending.signal,
    onOutput: (text) => found(/http:\S+/.exec(text)?.[0] ?? ""),
  });
  try {
    const address = await Promise.race([url, running.then(({ err }) => Promise.reject(new Error(err)))]);
    const result = await use(address);
    ending.abort();
    return { code: (await running).code, result };
  } finally {
    ending.abort();
  }
}

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
  const { code, result } = await served(async (url) => {
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

it("hands out its files alone, to this machine alone", async () => {
  await served(async (url) => {
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
    expect(await asked(url, "/", { host: "example.com" })).toMatchObject({ status: 421 });
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

it("names the port that is taken, and how to take another", async () => {
  const other = createServer();
  await new Promise<void>((ready) => other.listen(0, "127.0.0.1", ready));
  const { port } = other.address() as { port: number };
  const { code, err } = await lowrank(["studio", "--port", String(port)]);
  other.close();
  expect(code).toBe(1);
  expect(err).toBe(`error: port ${port} is taken; another one: lowrank studio --port 0\n`);
});
