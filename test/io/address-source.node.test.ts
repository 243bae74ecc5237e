import { expect, it } from "vitest";
import {
  AbortError,
  ModelError,
  readSafetensors,
  SentenceEncoder,
  TextClassifier,
  TokenClassifier,
} from "../../ts/index.js";
import { addressSource } from "../../ts/io/address-source.js";
import { init } from "../../ts/engine/engine.js";
import { miniLM } from "../models/minilm.js";
import { fileServer, type Otherwise } from "./file-server.js";

const BLOCK = 256 * 1024;
const NAME = "model.safetensors";

/** 7 MiB and a little of numbers that repeat nowhere near. */
const bytes = Uint8Array.from(
  { length: 7 * 2 ** 20 + 12_345 },
  (_, i) => (Math.imul(i, 2654435761) >>> 24) ^ (i >> 12),
);

/** An answer was given. */
const sent = (_: unknown) => true;

async function serve(otherwise?: Otherwise, contents = bytes) {
  const { url, asked } = await fileServer({ [NAME]: contents }, otherwise);
  return { asked, open: async () => (await addressSource(url).open(NAME))! };
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

it("reads any range as the file has it, one request for each at most", async () => {
  const { asked, open } = await serve();
  const source = await open();
  expect(source.size).toBe(bytes.length);
  let seed = 1;
  const random = (end: number) => (seed = (seed * 48271) % 2147483647) % end;
  for (let i = 0; i < 200; i++) {
    const offset = random(bytes.length);
    const length = Math.min(random([40, 3000, BLOCK, 6 * 2 ** 20][i % 4]!), bytes.length - offset);
    const before = asked.length;
    const got = await source.read(offset, length);
    expect(same(got, bytes.subarray(offset, offset + length))).toBe(true);
    expect(asked.length - before).toBeLessThanOrEqual(1);
  }
  expect((await source.read(bytes.length, 0)).length).toBe(0);
  expect(asked.every(({ range }) => range !== null)).toBe(true);
});

it("does not ask again for what stands beside what was read", async () => {
  const { asked, open } = await serve();
  const source = await open();
  await source.read(0, 64);
  await source.read(64, 1000);
  expect(asked.length).toBe(1);
  await source.read(BLOCK + 5000, 2 * BLOCK);
  await source.read(BLOCK + 100, 4000);
  await source.read(3 * BLOCK + 6000, 1000);
  expect(asked.map(({ range }) => range)).toEqual([[0, BLOCK], [BLOCK, 4 * BLOCK]]); // prettier-ignore
  await source.read(3 * BLOCK + 6000, 20 * BLOCK); // more than is kept
  await source.read(23 * BLOCK + 6100, 1000);
  expect(asked.length).toBe(3);
});

it("loads MiniLM to the same bits, and never asks for much more than a tensor", async () => {
  await init();
  const files = await miniLM();
  const { url, asked } = await fileServer(files);
  const load = async (source: Parameters<typeof SentenceEncoder.load>[0]) => {
    using encoder = await SentenceEncoder.load(source, { weights: "f16" });
    return await encoder.encode(["a sentence", "and another one"]);
  };
  const want = await load(files);
  expect(await load(addressSource(url))).toEqual(want);
  const ranges = asked.filter(({ file }) => file === NAME).map(({ range }) => range);
  const lengths = ranges.map((range) => range![1] - range![0]);
  const file = readSafetensors(files[NAME]!);
  const largest = Math.max(...file.names.map((name) => file.raw(name).length));
  expect(Math.max(...lengths)).toBeLessThan(largest + 2 * BLOCK);
  expect(lengths.reduce((sum, length) => sum + length)).toBeLessThan(1.2 * files[NAME]!.length);
  expect(lengths.length).toBeLessThan(80);
});

const fallbacks: Record<string, Otherwise> = {
  "ignores ranges": (_, response, body) => sent(response.end(body)),
  "answers 416": ({ range }, response) => range !== null && sent(response.writeHead(416).end()),
  "says no range": ({ range }, response, body) =>
    range !== null && sent(response.writeHead(206).end(body.subarray(...range))),
  "answers another range": ({ range }, response, body) => {
    if (range === null) return false;
    response.writeHead(206, { "Content-Range": `bytes 1-${BLOCK}/${body.length}` }).end(body.subarray(1, BLOCK + 1));
    return true;
  },
  "does not say how long the file is": ({ range }, response, body) => {
    if (range === null) return false;
    response.writeHead(206, { "Content-Range": `bytes 0-${BLOCK - 1}/*` }).end(body.subarray(0, BLOCK));
    return true;
  },
  "sends too little": ({ range }, response, body) => {
    if (range === null) return false;
    response.writeHead(206, { "Content-Range": `bytes 0-${BLOCK - 1}/${body.length}` }).end(body.subarray(0, 100));
    return true;
  },
  "breaks off": ({ range }, response) => range !== null && response.destroy() === response,
};

it.each(Object.entries(fallbacks))("a server that %s is asked for the whole file, once", async (name, otherwise) => {
  const { asked, open } = await serve(otherwise);
  const source = await open();
  expect(source.size).toBe(bytes.length);
  expect(same(await source.read(5, 3_000_000), bytes.subarray(5, 3_000_005))).toBe(true);
  await source.read(6_000_000, 1000);
  expect(asked.length).toBe(name === "ignores ranges" ? 1 : 2);
  expect(asked.filter(({ range }) => range === null).length).toBe(name === "ignores ranges" ? 0 : 1);
});

it("takes a file that is smaller than a block, and an empty one", async () => {
  for (const length of [1, 1000, BLOCK]) {
    const { asked, open } = await serve(undefined, bytes.subarray(0, length));
    const source = await open();
    expect(same(await source.read(0, length), bytes.subarray(0, length))).toBe(true);
    expect(asked.length).toBe(1);
  }
  const { open } = await serve(fallbacks["answers 416"], new Uint8Array(0));
  expect((await open()).size).toBe(0);
});

/** A server whose later answers differ. */
const later =
  (change: (response: Parameters<Otherwise>[1], body: Uint8Array) => boolean): Otherwise =>
  ({ range }, response, body) =>
    range !== null && range[0] > 0 && change(response, body);

it("says so where the file changes between two ranges", async () => {
  const changed = later((response) => response.setHeader("ETag", '"two"') !== response);
  const dated: Otherwise = ({ range }, response, body) => {
    const [from, to] = [range![0], Math.min(range![1], body.length)];
    const day = from === 0 ? "01" : "02";
    response.setHeader("Last-Modified", `Thu, ${day} Jan 2026 00:00:00 GMT`);
    response.setHeader("Content-Range", `bytes ${from}-${to - 1}/${body.length}`);
    response.writeHead(206).end(body.subarray(from, to));
    return true;
  };
  const whole = later((response, body) => {
    response.setHeader("ETag", '"two"').end(body);
    return true;
  });
  for (const otherwise of [changed, dated, whole]) {
    const { open } = await serve(otherwise);
    const source = await open();
    await source.read(0, 1000);
    const read = source.read(BLOCK, 1000);
    await expect(read).rejects.toThrow(ModelError);
    await expect(read).rejects.toThrow(/model\.safetensors changed while it was read/);
    await source.read(10, 1000); // what is there can still be read
  }
});

it.each([
  ["answered 500", (response) => sent(response.writeHead(500, { ETag: '"one"' }).end())],
  ["answered 404", (response) => sent(response.writeHead(404).end())],
  [/answered 206, range bytes 1-2\/3,/, (response) => {
    response.writeHead(206, { ETag: '"one"', "Content-Range": "bytes 1-2/3" }).end("ab");
    return true;
  }],
  ["could not be fetched", (response) => response.destroy() === response],
  [/sent 3 bytes in place of 262144/, (response, body) => {
    const range = `bytes ${BLOCK}-${2 * BLOCK - 1}/${body.length}`;
    response.writeHead(206, { ETag: '"one"', "Content-Range": range }).end("abc");
    return true;
  }],
  ["broke off", (response, body) => {
    const range = `bytes ${BLOCK}-${2 * BLOCK - 1}/${body.length}`;
    response.writeHead(206, { ETag: '"one"', "Content-Range": range, "Content-Length": BLOCK });
    response.write("abc", () => response.destroy());
    return true;
  }],
] satisfies [string | RegExp, Parameters<typeof later>[0]][])("a later range: %s", async (message, change) => {
  const { open } = await serve(later(change));
  const read = (await open()).read(BLOCK, 1000);
  await expect(read).rejects.toThrow(ModelError);
  await expect(read).rejects.toThrow(message);
}); // prettier-ignore

/** Sends without an end; what it gives resolves when nobody takes it any more. */
function flood(response: Parameters<Otherwise>[1]): Promise<void> {
  const piece = Buffer.alloc(65_536);
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on("drain", more);
  more();
  return new Promise((resolve) => response.on("close", () => resolve()));
}

it("takes no more of a range than was asked for, however much comes", async () => {
  const stopped: Promise<void>[] = [];
  const endless: Otherwise = ({ range }, response, body) => {
    if (range === null) return false;
    const [from, to] = range;
    const size = body.length;
    response.writeHead(206, { ETag: '"one"', "Content-Range": `bytes ${from}-${Math.min(to, size) - 1}/${size}` });
    stopped.push(flood(response));
    return true;
  };
  const { asked, open } = await serve(endless);
  expect((await open()).size).toBe(bytes.length);
  expect(asked.map(({ range }) => range)).toEqual([[0, BLOCK], null]);
  const { open: openLater } = await serve(
    (asked, response, body) => asked.range![0] > 0 && endless(asked, response, body),
  );
  const read = (await openLater()).read(BLOCK, 1000);
  await expect(read).rejects.toThrow(/sends more than the 262144 bytes that it may have/);
  expect(stopped).toHaveLength(2);
  await Promise.all(stopped);
});

it("takes no more of a text than one may have, where it is sent without end", async () => {
  const stopped: Promise<void>[] = [];
  const { url } = await fileServer({ "config.json": bytes }, (_, response) => {
    response.writeHead(200);
    stopped.push(flood(response));
    return true;
  });
  await expect(addressSource(url).open("config.json")).rejects.toThrow(
    /more than the 134217728 bytes that it may have/,
  );
  await Promise.all(stopped);
});

it.each<[string, (url: string, options: { signal: AbortSignal }) => Promise<unknown>]>([
  ["SentenceEncoder.load", (url, options) => SentenceEncoder.load(url, options)],
  ["TextClassifier.open", (url, options) => TextClassifier.open(url, options)],
  ["TokenClassifier.open", (url, options) => TokenClassifier.open(url, options)],
])("%s that is cancelled downloads nothing more", async (_, load) => {
  const controller = new AbortController();
  const stopped: Promise<void>[] = [];
  const otherwise: Otherwise = (_, response) => {
    stopped.push(flood(response));
    setTimeout(() => controller.abort(), 10);
    return true;
  };
  const endless = new Uint8Array(1);
  const { url } = await fileServer({ "config.json": endless, "adapter_config.json": endless }, otherwise);
  await expect(load(url, { signal: controller.signal })).rejects.toThrow(AbortError);
  expect(stopped.length).toBeGreaterThan(0);
  await Promise.all(stopped);
});

it("a later answer may be the whole file", async () => {
  const { open } = await serve(later((response, body) => sent(response.setHeader("ETag", '"one"').end(body))));
  const source = await open();
  expect(same(await source.read(BLOCK + 7, 1_000_000), bytes.subarray(BLOCK + 7, BLOCK + 1_000_007))).toBe(true);
});

it("a file that is not there is none, and other answers are errors", async () => {
  const { url } = await fileServer({});
  expect(await addressSource(url).open(NAME)).toBeNull();
  expect(await addressSource(url).open("config.json")).toBeNull();
  const { open, asked } = await serve((_, response) => sent(response.writeHead(503).end()));
  await expect(open()).rejects.toThrow(/model\.safetensors answered 503/);
  expect(asked.length).toBe(2);
  await expect(addressSource("http://127.0.0.1:1").open(NAME)).rejects.toThrow(/could not be fetched/);
});
