import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAdapter, SentenceEncoder } from "../../../ts/entry/node.js";
import { lowrank, project } from "../fixture.js";

const golden = (path: string) => join(project, "test/golden/adapters", path);
const [llama, plain] = [golden("base/tiny_llama"), golden("valid/llama_plain")];
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lowrank-hostile-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file with that header, of that claimed length, and bytes of data behind it. */
function weights(header: string, { claimed, data = 8 }: { claimed?: bigint; data?: number } = {}): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + data);
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
const tensor = (offsets: readonly number[], shape: readonly number[] = [2], dtype = "F32") =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });
const hostile: Record<string, [Uint8Array, RegExp]> = {
  "length 2^63": [weights("{}", { claimed: 2n ** 63n }), /header length of 9223372036854775808/],
  "100 MB claimed in a small file": [
    weights("{}", { claimed: 100_000_000n }),
    /header length of 100000000 bytes in a file of/,
  ],
  overlap: [
    weights(`{"a":${tensor([0, 8])},"${name}":${tensor([4, 12])}}`, { data: 12 }),
    /overlaps the tensor before it/,
  ],
  hole: [weights(`{"a":${tensor([0, 8])},"${name}":${tensor([12, 20])}}`, { data: 20 }), /leaves a hole/],
  "one key twice": [weights(`{"${name}":${tensor([0, 8])},"${name}":${tensor([0, 8])}}`), /twice|duplicate/],
  "unknown dtype": [weights(`{"${name}":${tensor([0, 8], [2], "F33")}}`), /unknown dtype "F33"/],
  "a product beyond 2^53": [weights(`{"${name}":${tensor([0, 8], [2 ** 32, 2 ** 32, 2 ** 32])}}`), /shape/],
  "negative lengths": [weights(`{"${name}":${tensor([0, 8], [-1, -2])}}`), /shape|whole/],
  "a negative offset": [weights(`{"${name}":${tensor([-8, 0])}}`), /data_offsets|expected its data|whole/],
  nested: [weights(`{"a":${"[".repeat(200_000)}`, { data: 0 }), /header/],
  "data that lacks": [weights(`{"${name}":${tensor([0, 2 ** 40], [2 ** 38])}}`), /cut short/],
};

it.each(Object.entries(hostile))("%s is refused by name by all that reads weights", async (_, [bytes, said]) => {
  await rm(join(folder, "at"), { recursive: true, force: true });
  const [base, adapter, out] = ["base", "adapter", "out"].map((place) => join(folder, "at", place)) as [
    string,
    string,
    string,
  ];
  await mkdir(base, { recursive: true });
  await mkdir(adapter);
  await copyFile(join(plain, "adapter_config.json"), join(adapter, "adapter_config.json"));
  await copyFile(join(llama, "config.json"), join(base, "config.json"));
  await writeFile(join(base, "model.safetensors"), bytes);
  await writeFile(join(adapter, "adapter_model.safetensors"), bytes);
  const commands = [
    ["check", plain, "--base", base],
    ["check", adapter, "--base", llama],
    ["merge", plain, "--base", base, "--out", out],
    ["merge", adapter, "--base", llama, "--out", out],
    ["inspect", adapter],
    ["inspect", join(base, "model.safetensors")],
    ["inspect", plain, "--base", base],
    ["resize", adapter, "--rank", "1", "--out", out],
    ["extract", "--base", llama, "--tuned", base, "--rank", "1", "--out", out],
    ["extract", "--base", base, "--tuned", llama, "--rank", "1", "--out", out],
  ];
  for (const command of commands) {
    const { code, err } = await lowrank(command);
    expect([command[0], code, err]).toEqual([command[0], 1, expect.stringMatching(said)]);
    expect(err.length).toBeLessThan(1000);
  }
  expect(() => readAdapter(adapter)).toThrow(said);
  const bert = golden("base/tiny_bert");
  for (const file of ["config.json", "tokenizer.json"])
    await copyFile(
      join(file === "config.json" ? bert : join(project, "test/golden/encoders/bert"), file),
      join(base, file),
    );
  await expect(SentenceEncoder.load(base)).rejects.toThrow(said);
});
