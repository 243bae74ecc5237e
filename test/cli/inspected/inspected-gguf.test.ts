import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { goldenBytes } from "../../golden.js";
import { lowrank } from "../fixture.js";

let folder: string;
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-gguf-"));
  await writeFile(path("model.gguf"), await goldenBytes("gguf/models/llama.gguf"));
  await writeFile(path("tokenizer.gguf"), await goldenBytes("gguf/tokenizers/smollm.gguf"));
  await writeFile(path("blocks.gguf"), await goldenBytes("gguf/blocks.gguf"));
});
afterAll(() => rm(folder, { recursive: true }));

it("says what a model is", async () => {
  const [text, json] = [
    await lowrank(["inspect", path("model.gguf")]),
    await lowrank(["inspect", path("model.gguf"), "--json"]),
  ];
  expect([text.code, text.err, json.code]).toEqual([0, "", 0]);
  expect(text.out).toMatch(/model\.gguf +GGUF 3, [\d.]+ kB, 21 tensors\n/);
  expect(text.out).toMatch(/ {2}holds +model: llama, 2 layers of 16, with tied embeddings\n/);
  expect(text.out).toMatch(/ {2}parameters +[\d,]+, 32\.00 bits each\n/);
  expect(text.out).toMatch(/ {2}context +64 tokens\n {2}tokenizer +none\n {2}chat template +no\n/);
  expect(text.out).toMatch(/type +tensors +values +size\nF32 +21 /);
  expect(text.out).toMatch(/blk\.0\.attn_q\.weight +F32 +\[32, 16\] +/);
  expect(JSON.parse(json.out)).toMatchObject({
    version: 3,
    kind: null,
    architecture: "llama",
    layers: 2,
    hiddenSize: 16,
    contextLength: 64,
    bitsPerWeight: 32,
    tokenizer: null,
    hasChatTemplate: false,
    tiedEmbeddings: true,
  });
});

it("tells tokenizer, template and bits by type", async () => {
  const { out } = await lowrank(["inspect", path("tokenizer.gguf")]);
  expect(out).toMatch(/ {2}tokenizer +gpt2, \d+ tokens, pre-tokenizer smollm\n {2}chat template +yes\n/);
  const blocks = JSON.parse((await lowrank(["inspect", path("blocks.gguf"), "--json"])).out);
  expect(blocks.types.Q4_K).toEqual({ tensors: 1, values: 22 * 256, bytes: 22 * 144 });
  expect(blocks.tensors.map(({ type }: { type: string }) => type)).toContain("IQ4_NL");
});

it("refuses damaged files and what no GGUF file has", async () => {
  await writeFile(path("cut.gguf"), (await goldenBytes("gguf/models/llama.gguf")).slice(0, 3000));
  expect(await lowrank(["inspect", path("cut.gguf")])).toMatchObject({ code: 1, out: "" });
  expect((await lowrank(["inspect", path("cut.gguf")])).err).toMatch(/cut\.gguf: .*cut short/);
  const { code, err } = await lowrank(["inspect", path("model.gguf"), "--base", "x"]);
  expect(code).not.toBe(0);
  expect(err).toMatch(/model\.gguf is not an adapter's folder/);
});
