import { createServer } from "node:http";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CausalLanguageModel, FormatError, ModelError } from "../../../ts/entry/node.js";
import { goldenBytes } from "../../golden.js";

const golden = new URL("../../golden/gguf/models/gpt2-Q8_0.gguf", import.meta.url);
const bytes = await goldenBytes("gguf/models/gpt2-Q8_0.gguf");
const ids = [3, 1, 19, 0, 7];
let folder: string;
const asked: string[] = [];

const server = createServer((request, response) => {
  asked.push(`${request.url} ${request.headers.range ?? "whole"}`);
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (!request.url!.startsWith("/tiny.gguf")) return void response.writeHead(404).end();
  if (first === undefined || request.url!.includes("whole")) return void response.writeHead(200).end(bytes);
  const end = Math.min(Number(last) + 1, bytes.length);
  const range = `bytes ${first}-${end - 1}/${bytes.length}`;
  response.writeHead(206, { "content-range": range }).end(bytes.subarray(Number(first), end));
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-gguf-"));
  await mkdir(join(folder, "one"));
  await mkdir(join(folder, "two"));
  for (const name of ["tiny.gguf", "one/tiny.gguf", "two/a.gguf", "two/b.GGUF"])
    await copyFile(golden, join(folder, name));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;

async function logitsOf(source: Parameters<typeof CausalLanguageModel.load>[0]) {
  const heard: string[] = [];
  const model = await CausalLanguageModel.load(source, { onProgress: ({ file }) => void heard.push(file) });
  const logits = await model.logits(ids);
  model.dispose();
  expect(new Set(heard)).toEqual(new Set(["model.gguf"]));
  return logits;
}

it("a path, its folder, an address and bytes by name are the same model", async () => {
  const expected = await logitsOf(join(folder, "tiny.gguf"));
  expect(await logitsOf(join(folder, "one"))).toEqual(expected);
  expect(await logitsOf(at("tiny.gguf?download=true"))).toEqual(expected);
  expect(asked.every((one) => one.includes("bytes="))).toBe(true);
  expect(await logitsOf(at("tiny.gguf?whole"))).toEqual(expected);
  expect(await logitsOf({ "whatever.gguf": bytes })).toEqual(expected);
});

it("what is none is refused by name", async () => {
  const load = (source: Parameters<typeof CausalLanguageModel.load>[0]) => CausalLanguageModel.load(source);
  await expect(load(join(folder, "missing.gguf"))).rejects.toThrow(/missing\.gguf: there is no such file/);
  await expect(load(join(folder, "two"))).rejects.toThrow(/has 2 GGUF files, of which one is expected: name it/);
  await expect(load(at("missing.gguf"))).rejects.toThrow(ModelError);
  await expect(load(at("missing.gguf"))).rejects.toThrow(/answered 404/);
  await expect(load({ "empty.gguf": new Uint8Array(0) })).rejects.toThrow(FormatError);
  await expect(load({ "a.gguf": bytes.slice(0, 200) })).rejects.toThrow(FormatError);
});

it("loading hears of an abort", async () => {
  const load = CausalLanguageModel.load(join(folder, "tiny.gguf"), { signal: AbortSignal.abort() });
  await expect(load).rejects.toThrow(/abort/i);
});
