// @needs browser
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serveFolder } from "../../scripts/serve-folder.mjs";

const files = { "index.html": "<p>text</p>".repeat(100), "a.js": "let a = 1;\n".repeat(100), "a.wasm": "\0asm" };
const folder = mkdtempSync(join(tmpdir(), "lowrank-served-"));
let server: Server;
beforeAll(async () => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const [plain, compressed] = [serveFolder(folder), serveFolder(folder, { compressed: true })];
  server = createServer((request, response) => {
    const isPlain = request.url!.startsWith("/plain/");
    request.url = request.url!.replace(/^\/\w+/, "");
    (isPlain ? plain : compressed)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server?.close();
  rmSync(folder, { recursive: true });
});

/** What is answered to the byte: `fetch` would unpack it. */
async function answer(path: string, takes?: string) {
  const { port } = server.address() as AddressInfo;
  const headers = takes === undefined ? {} : { "accept-encoding": takes };
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get({ port, host: "127.0.0.1", path, headers, agent: false }, resolve).on("error", reject),
  );
  return { headers: response.headers, status: response.statusCode, body: await buffer(response) };
}

it.each([
  ["/compressed/", "index.html", "text/html; charset=utf-8"],
  ["/compressed/a.js", "a.js", "text/javascript"],
] as const)("%s goes compressed to whoever takes that", async (path, name, type) => {
  const { headers, body } = await answer(path, "br, gzip;q=0.8");
  expect(headers).toMatchObject({ "content-type": type, "content-encoding": "gzip", vary: "accept-encoding" });
  expect(headers["content-length"]).toBeUndefined();
  expect(body.length).toBeLessThan(files[name].length / 2);
  expect(gunzipSync(body).toString()).toBe(files[name]);
});

it.each([
  ["/compressed/a.js", undefined, "a.js"],
  ["/compressed/a.js", "br", "a.js"],
  ["/compressed/a.wasm", "gzip", "a.wasm"],
  ["/plain/a.js", "gzip", "a.js"],
] as const)("%s goes as it is to who takes %s", async (path, takes, name) => {
  const { headers, body } = await answer(path, takes);
  expect(headers["content-encoding"]).toBeUndefined();
  expect(headers["content-length"]).toBe(String(files[name].length));
  expect(body.toString()).toBe(files[name]);
});

it("what is not there, or leads out of the folder, is not found", async () => {
  for (const path of ["/compressed/none.js", "/compressed/%2e%2e/%2e%2e/etc/hostname"])
    expect((await answer(path, "gzip")).status, path).toBe(404);
});
