import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { SentenceEncoder } from "../../ts/entry/node.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

const files = await tinyEncoder();

/** The address of a server of the tiny encoder's files that answers all else in its own way. */
async function serve(missing: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    const file = request.url!.slice("/model/".length);
    if (Object.hasOwn(files, file)) response.end(files[file]);
    else missing(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`;
}

it.each<[string, RequestListener]>([
  ["404", (_, response) => response.writeHead(404).end()],
  ["403, as a bucket that does not list", (_, response) => response.writeHead(403).end("<Error/>")],
  [
    "a page, as a server of pages",
    (_, response) => response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end("<!doctype html>"),
  ],
])("files that a model may have are not there where a server answers %s", async (_, missing) => {
  using far = await SentenceEncoder.load(await serve(missing));
  using near = await SentenceEncoder.load(files);
  expect(await far.encode(["a good film"])).toEqual(await near.encode(["a good film"]));
});

it("a server's trouble is told by its answer", async () => {
  const address = await serve((_, response) => response.writeHead(503).end());
  await expect(SentenceEncoder.load(address)).rejects.toThrow(/modules\.json answered 503/);
  await expect(SentenceEncoder.load(`${address}/none`)).rejects.toThrow(/config\.json answered 503/);
});

it("names the whole address of what is not there, and the page that came in its place", async () => {
  const absent = await serve((_, response) => response.writeHead(404).end());
  await expect(SentenceEncoder.load(`${absent}/none`)).rejects.toThrow(
    `model ${absent}/none: config.json is missing at ${absent}/none/config.json; an encoder in`,
  );
  const app = await serve((_, response) => response.end("\n<!DOCTYPE html><title>app</title>"));
  await expect(SentenceEncoder.load(`${app}/none`)).rejects.toThrow(
    `model ${app}/none: ${app}/none/config.json answered with an HTML page in place of config.json`,
  );
});
