import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { AbortError, ConfigError, ModelError } from "../../../../ts/errors/errors.js";
import { downloadWhole, remoteFile } from "../../../../ts/io/node/index.js";
import { Interrupted, Patience } from "../../../../ts/io/node/download/download.js";
import { readRange } from "../../../../ts/io/byte-source.js";
import { localSources } from "../../../../ts/training/node/local-sources.js";
import { FlakyServer } from "./flaky-server.js";

/** A server of files that knows ranges, as they are now. */
let origin: Server;
const files = new Map<string, { bytes: Buffer; etag: string | null; type?: string; careless?: boolean }>();
let flaky: FlakyServer;
let cache: string;
beforeAll(async () => {
  origin = createServer((asked, answer) => {
    const file = files.get(new URL(asked.url!, "http://none").pathname);
    if (file === undefined) return void answer.writeHead(404).end();
    const { bytes, etag, type, careless = false } = file;
    const headers = { ...(etag === null ? {} : { etag }), ...(type === undefined ? {} : { "content-type": type }) };
    const from = Number(/^bytes=(\d+)-$/.exec(asked.headers.range ?? "")?.[1]);
    if (Number.isNaN(from) || (!careless && asked.headers["if-range"] !== etag))
      return void answer.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    answer.writeHead(206, { ...headers, "content-range": range }).end(bytes.subarray(from));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  flaky = await FlakyServer.before(`http://127.0.0.1:${(origin.address() as AddressInfo).port}`);
  cache = await mkdtemp(join(tmpdir(), "lowrank-addresses-"));
  vi.stubEnv("LOWRANK_CACHE", cache);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  flaky.stop();
  origin.close();
  await rm(cache, { recursive: true });
});
beforeEach(() => {
  flaky.asked.length = 0;
  flaky.fault = () => null;
  files.clear();
});
const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i) % 251));
const at = (path: string) => `${flaky.address}${path}`;
const whole = async (path: string, limits = {}) => {
  const { name, ask } = remoteFile("data", at(path));
  return downloadWhole(name, ask, limits);
};

it("goes on behind what has come, where the file is still the same", async () => {
  files.set("/a.csv", { bytes: body, etag: '"one"' });
  flaky.fault = ({ number }) => (["refused", "cut", "busy", "cut"] as const)[number - 1] ?? null;
  const found = await whole("/a.csv");
  expect(Buffer.compare(found!.bytes, body)).toBe(0);
  expect(found!.version).toBe('"one"');
  expect(flaky.asked.slice(0, 2)).toEqual(["GET /a.csv", "GET /a.csv"]);
  for (const asked of flaky.asked.slice(2)) expect(asked).toMatch(/^GET \/a\.csv bytes=[1-9]\d*-$/);
  expect(flaky.asked).toHaveLength(5);
});

it("begins anew where it has changed, or nobody can tell", async () => {
  for (const [etag, next, careless] of [
    ['"one"', '"two"', false],
    // A server that gives parts of what there is now, whatever it is asked for.
    ['"one"', '"two"', true],
    ['W/"weak"', 'W/"weak"', false],
    [null, null, false],
  ] as const) {
    const changed = Buffer.from(body).reverse();
    files.set("/a.csv", { bytes: body, etag });
    flaky.asked.length = 0;
    flaky.fault = ({ number }) => {
      if (number === 1) return "cut";
      files.set("/a.csv", { bytes: changed, etag: next, careless });
      return null;
    };
    const found = await whole("/a.csv");
    expect(Buffer.compare(found!.bytes, changed), String(etag)).toBe(0);
  }
});

it("takes no more than it may, before it is there where its length is told", async () => {
  files.set("/a.csv", { bytes: body, etag: null });
  await expect(whole("/a.csv", { most: body.length - 1 })).rejects.toThrow(/has 100000 bytes or more; at most 99999/);
  expect((await whole("/a.csv", { most: body.length }))!.bytes).toHaveLength(body.length);
});

it("gives up after six tries that bring nothing, at what will not change, and at an abort", async () => {
  const patience = new Patience("a file", undefined, 1);
  const busy = new Interrupted("answered 503");
  for (let tried = 1; tried < 6; tried++) await patience.after(busy);
  patience.rewarded();
  for (let tried = 1; tried < 6; tried++) await patience.after(busy);
  await expect(patience.after(busy)).rejects.toThrow("a file: answered 503, 6 times in a row");
  const other = new Error("another");
  await expect(new Patience("a file", undefined).after(other)).rejects.toBe(other);

  files.set("/a.csv", { bytes: body, etag: '"one"' });
  const abort = new AbortController();
  flaky.fault = () => (abort.abort(), "refused");
  await expect(whole("/a.csv", { signal: abort.signal })).rejects.toBeInstanceOf(AbortError);
  expect(flaky.asked).toHaveLength(1);
});

it("data come from an address, without what stands behind the question mark in their name", async () => {
  const csv = Buffer.from("text,label\na,b\n");
  files.set("/a.csv", { bytes: csv, etag: null, type: "text/csv" });
  const { name, bytes } = await localSources.readData(at("/a.csv?key=secret"));
  expect(name).toBe(at("/a.csv"));
  expect(Buffer.compare(bytes, csv)).toBe(0);
  files.set("/login", { bytes: Buffer.from("<html>"), etag: null, type: "text/html; charset=utf-8" });
  const refusals: [string, RegExp][] = [
    [at("/none.csv?key=secret"), /\/none\.csv: there is no such file \(404\)$/],
    [at("/login"), /returned an HTML page instead of a file of examples/],
    ["http://me:secret@127.0.0.1/a.csv", /^(?!.*secret).*user's name or password/],
    ["s3://a/b/../c", /s3:\/\/bucket\/folder is expected/],
    ["s3://bucket/a.csv", /keys for the bucket bucket are expected in \$AWS_ACCESS_KEY_ID/],
  ];
  vi.stubEnv("AWS_ACCESS_KEY_ID", "");
  for (const [address, says] of refusals) {
    const error: unknown = await localSources.readData(address).catch((thrown: unknown) => thrown);
    expect(error, address).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(says);
  }
});

it("a model's files are kept, and fetched again where they have changed", async () => {
  files.set("/m/config.json", { bytes: Buffer.from("{}"), etag: '"one"' });
  const options = { onDownload: () => undefined };
  const read = async () => {
    const model = await localSources.findModel(at("/m/"), options);
    const source = (await model.open("config.json"))!;
    const bytes = await readRange(source, 0, source.size, "config.json");
    await source.close?.();
    return [Buffer.from(bytes).toString(), await model.digest!("config.json"), await model.open("modules.json")];
  };
  const [first, digest, missing] = await read();
  expect([first, missing]).toEqual(["{}", null]);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  flaky.fault = ({ path }) => (path.endsWith("config.json") ? "cut" : null);
  // Its headers are enough.
  expect((await read())[0]).toBe("{}");
  flaky.fault = () => null;
  files.set("/m/config.json", { bytes: Buffer.from('{"a":1}'), etag: '"two"' });
  expect((await read())[0]).toBe('{"a":1}');
  expect((await readdir(join(cache, "addresses"))).filter((name) => name.endsWith(".part"))).toEqual([]);
  await expect(localSources.findModel(at("/none.gguf"), options)).rejects.toBeInstanceOf(ModelError);
});
