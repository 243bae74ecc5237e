import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CausalLanguageModel, writeFilesAtomically } from "../../../ts/entry/node.js";
import { sayable } from "../../models/gguf/writing/written-model.js";
import { changedJson, decoderAdapter, decoderFiles, namedInGguf } from "../../models/language/golden-decoder.js";
import { llamaConfig, randomModel } from "../../models/language/random-llama.js";
import { lowrank, project } from "../fixture.js";

let folder: string;
const path = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-quantize-"));
  const config = llamaConfig({ num_hidden_layers: 2, vocab_size: 96, hidden_size: 64, intermediate_size: 96 });
  await writeFilesAtomically(path("random"), randomModel(config));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const golden = (name: string) => join(project, "test/golden/decoders", name);
const fine = async (args: readonly string[]) => {
  const { code, out, err } = await lowrank(args);
  expect([
    code,
    err.replace(/^(there is no tokenizer|llama\.cpp knows no window|tokenizer\.json lacks 1 ).*\n/gm, ""),
  ]).toEqual([0, ""]);
  return out;
};

describe("quantize", () => {
  it("writes a folder's model, of few parameters in eight bits, and from that one of four", async () => {
    const [eight, four] = [path("eight.gguf"), path("four.gguf")];
    expect(await fine(["quantize", "--model", path("random"), "--out", eight])).toMatch(
      /15 Q8_0, 5 F32, .* written to/,
    );
    const { code, err } = await lowrank(["quantize", "--model", eight, "--to", "q4_0", "--out", four]);
    expect([code, err]).toEqual([0, expect.stringMatching(/rounded a second time/)]);
    const said = JSON.parse(await fine(["inspect", four, "--json"])) as { types: object; architecture: string };
    expect(said).toMatchObject({ architecture: "llama", types: { Q4_0: { tensors: 14 }, Q8_0: { tensors: 1 } } });
    using model = await CausalLanguageModel.load(four);
    expect((await model.logits([1, 2])).data.every(Number.isFinite)).toBe(true);
  });

  it.each<[string[], RegExp]>([
    [["--out", "there.gguf"], /there\.gguf exists: choose another name/],
    [["--out", "model.bin"], /the name of a \.gguf file is expected/],
  ])("%j is refused, and nothing changes", async (args, message) => {
    await writeFile(path("there.gguf"), "mine");
    const [option, file] = args as [string, string];
    const { code, err } = await lowrank(["quantize", "--model", path("random"), option, path(file)]);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    expect(readFileSync(path("there.gguf"), "utf8")).toBe("mine");
  });

  it("a folder that nothing can be written into is named before the work begins", async () => {
    // Root may write into every folder but those of the kernel's own.
    const locked = process.platform === "linux" ? "/proc" : path("locked");
    if (locked !== "/proc") await mkdir(locked, { mode: 0o555 });
    const out = join(locked, "q.gguf");
    for (const args of [
      ["quantize", "--model", path("random")],
      ["merge", "--base", golden("mistral"), "--adapter", join(golden("mistral"), "adapter")],
    ]) {
      const { code, err } = await lowrank([...args, "--out", out]);
      expect(err).toContain(`error: --out ${out}: nothing can be written into the folder ${locked}: `);
      expect([code, err]).toEqual([1, expect.not.stringContaining(".part")]);
    }
  });

  it.each([
    ["quantize", () => ["--model", path("random")]],
    ["merge", () => ["--base", golden("mistral"), "--adapter", join(golden("mistral"), "adapter")]],
  ])("%s does not replace a file that appears meanwhile", async (command, args) => {
    const [directory, out] = [path(`meanwhile-${command}`), path(`meanwhile-${command}`, "model.gguf")];
    await mkdir(directory);
    const appears = watch(directory, () => {
      if (!existsSync(out)) writeFileSync(out, "mine");
    });
    const { code, err } = await lowrank([command, ...args(), "--out", out]).finally(() => appears.close());
    expect([code, err]).toEqual([1, expect.stringMatching(/something was written there meanwhile, which stays/)]);
    expect(readdirSync(directory)).toEqual(["model.gguf"]);
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  it("what is no language model is refused, and leaves nothing", async () => {
    const base = join(project, "test/golden/adapters/base/tiny_bert");
    const out = path("none", "bert.gguf");
    const { code, err } = await lowrank(["quantize", "--model", base, "--out", out]);
    expect([code, err]).toEqual([1, expect.stringMatching(/model_type "bert" is not supported as a language model/)]);
    expect(existsSync(path("none"))).toBe(false);
  });

  it("what is cancelled leaves nothing", async () => {
    const control = new AbortController();
    control.abort();
    const args = ["quantize", "--model", path("random"), "--out", path("at", "x.gguf")];
    expect((await lowrank(args, { signal: control.signal })).code).toBe(130);
    expect(existsSync(path("at")) ? readdirSync(path("at")) : []).toEqual([]);
  });
});

describe("merge into a GGUF file", () => {
  it.each(namedInGguf)("%s: from the folder and from a GGUF file, as base and adapter answer", async (name) => {
    const files = changedJson(await decoderFiles(name), "config.json", sayable[name] ?? {});
    const from = path(name);
    await writeFilesAtomically(from, files);
    const [adapter, base] = [join(golden(name), "adapter"), path(`${name}.gguf`)];
    const [direct, other] = [path(`${name}-direct.gguf`), path(`${name}-other.gguf`)];
    const out = await fine(["merge", "--base", from, "--adapter", adapter, "--out", direct]);
    expect(out).toMatch(/merged into its original weights: /);
    await fine(["quantize", "--model", from, "--to", "f32", "--out", base]);
    expect(await fine(["merge", "--base", base, "--adapter", adapter, "--out", other])).toMatch(
      /into its own weights: /,
    );
    using here = await CausalLanguageModel.load(files);
    const tuned = await decoderAdapter(name);
    here.loadAdapter("own", tuned);
    using merged = await CausalLanguageModel.load(direct);
    using again = await CausalLanguageModel.load(other);
    const ids = [5, 6, 7, 8, 9];
    const [want, got, second] = [await here.logits(ids), await merged.logits(ids), await again.logits(ids)];
    want.data.forEach((value, i) => expect(Math.abs(value - got.data[i]!)).toBeLessThan(5e-5));
    want.data.forEach((value, i) => expect(Math.abs(value - second.data[i]!)).toBeLessThan(5e-5));
    // It would count twice.
    for (const model of [merged, again])
      expect(() => model.loadAdapter("own", tuned)).toThrow(/hold this adapter already/);
  });

  it("each tensor keeps its type, and the dequantised weights are said to be those that changed", async () => {
    const base = path("grouped.gguf");
    await fine(["quantize", "--model", path("random"), "--to", "q8_0", "--out", base]);
    using model = await CausalLanguageModel.load(base);
    model.addAdapter("own", { rank: 2, alpha: 64, targetModules: "all-linear", initLoraWeights: false });
    await writeFilesAtomically(path("adapter"), model.saveAdapter("own"));
    const out = await fine(["merge", "--base", base, "--adapter", path("adapter"), "--out", path("merged.gguf")]);
    expect(out).toMatch(/into its dequantised weights, which were rounded again: 15 Q8_0, 5 F32/);
    using merged = await CausalLanguageModel.load(path("merged.gguf"));
    const ids = [1, 5, 90, 7];
    const of = async (from: CausalLanguageModel, adapter: string | null) => (await from.logits(ids, { adapter })).data;
    const [plain, tuned, got] = [await of(model, null), await of(model, "own"), await of(merged, null)];
    const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, i) => value - b[i]!));
    expect(distance(got, tuned)).toBeLessThan(0.25 * distance(plain, tuned));
  });

  it.each(namedInGguf)("%s: a folder of safetensors from a GGUF file, as base and adapter answer", async (name) => {
    const files = changedJson(await decoderFiles(name), "config.json", sayable[name] ?? {});
    await writeFilesAtomically(path(`${name}-in`), files);
    const [base, out] = [path(`${name}-q8.gguf`), path(`${name}-out`)];
    await fine(["quantize", "--model", path(`${name}-in`), "--to", "bf16", "--out", base]);
    using here = await CausalLanguageModel.load(base);
    const tuned = await decoderAdapter(name);
    here.loadAdapter("own", tuned);
    const said = await fine(["merge", "--base", base, "--adapter", join(golden(name), "adapter"), "--out", out]);
    expect(said).toMatch(/ merged in: \d+ tensors/);
    using merged = await CausalLanguageModel.load(out);
    const ids = [5, 6, 7, 8, 9];
    const [want, got] = [await here.logits(ids), await merged.logits(ids)];
    const most = want.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    // Rounded to bfloat16 again.
    want.data.forEach((value, i) => expect(Math.abs(value - got.data[i]!)).toBeLessThan(0.02 * most));
    expect(() => merged.loadAdapter("own", tuned)).toThrow(/hold this adapter already/);
    expect(merged.tokenizer!.encode("A film of 12 men")).toEqual(here.tokenizer!.encode("A film of 12 men"));
  });

  it("a folder from groups of eight bits: their values in float32, which is said", async () => {
    const base = path("groups.gguf");
    await fine(["quantize", "--model", path("random"), "--to", "q8_0", "--out", base]);
    using model = await CausalLanguageModel.load(base);
    model.addAdapter("own", { rank: 2, alpha: 64, targetModules: "all-linear", initLoraWeights: false });
    await writeFilesAtomically(path("own"), model.saveAdapter("own"));
    const said = await fine(["merge", "--base", base, "--adapter", path("own"), "--out", path("whole")]);
    expect(said).toMatch(/merged into its dequantised weights, which are float32 now: 20 tensors/);
    const read = (name: string) => [name, new Uint8Array(readFileSync(path("whole", name)))] as const;
    using merged = await CausalLanguageModel.load(Object.fromEntries(["config.json", "model.safetensors"].map(read)));
    const ids = [1, 5, 90, 7];
    const [want, got] = [await model.logits(ids), await merged.logits(ids)];
    want.data.forEach((value, i) => expect(Math.abs(value - got.data[i]!)).toBeLessThan(1e-4));
  });

  it("what asks for a folder and a file at once is refused", async () => {
    const merge = (...more: string[]) =>
      lowrank(["merge", "--adapter", join(golden("llama"), "adapter"), "--base", ...more]);
    const cases: [string[], RegExp][] = [
      [[golden("llama"), "--out", path("folder"), "--to", "q8_0"], /--to needs a \.gguf file as --out/],
      [[golden("llama"), "--out", path("m.gguf"), "--onnx", "x.onnx"], /--onnx: --out must be a folder/],
      [[path("eight.gguf"), "--out", path("folder"), "--onnx", "x.onnx"], /is a GGUF file; --onnx needs the base/],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await merge(...args);
      expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    }
    expect(existsSync(path("folder"))).toBe(false);
  });
});
