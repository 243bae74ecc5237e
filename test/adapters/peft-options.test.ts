import { describe, expect, it, vi } from "vitest";
import { raggedBatch } from "../../ts/entry/graph.js";
import { readAdapter, readSafetensors, SentenceEncoder, writeAdapter } from "../../ts/index.js";
import { baseTensor } from "../../ts/io/peft/index.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { largestError } from "../ops/compare.js";
import { encoderJson, goldenEncoder, texts as all } from "../models/golden-encoder.js";

/*
 * Adapters that PEFT saved with each option of its LoraConfig, on our encoders: PEFT's vectors and gradients, its files byte for byte.
 */
const cases = Object.entries(await goldenJson<Record<string, string>>("lora-options/cases.json"));
const texts = all.slice(0, 8);

/** Float32 against float64: what the encoders' own goldens are held to. */
const TOLERANCE = 1e-5;

/** PiSSA's and OLoRA's files are converted, so they are others when they are saved. */
const converts = (name: string) => /^(pissa|olora)/.test(name);

async function files(name: string) {
  const file = (part: string) => goldenBytes(`lora-options/${name}/${part}`);
  return {
    "adapter_config.json": await file("adapter_config.json"),
    "adapter_model.safetensors": await file("adapter_model.safetensors"),
  };
}

const expectedOf = async (name: string) =>
  readSafetensors(await goldenBytes(`lora-options/${name}/expected.safetensors`));

const flat = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));

async function loaded(name: string, base: string) {
  const encoder = await SentenceEncoder.load(await goldenEncoder(base), { pooling: "mean" });
  const before = await encoder.encode(texts);
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  encoder.loadAdapter("peft", await files(name));
  const warnings = warn.mock.calls.flat().join("\n");
  warn.mockRestore();
  return { encoder, before, warnings, expected: await expectedOf(name) };
}

describe.each(cases)("%s on %s", (name, base) => {
  it("gives PEFT's vectors, unmerged, merged and in a mixed batch; without it the base's bits", async () => {
    const { encoder, before, expected, warnings } = await loaded(name, base);
    using _ = encoder;
    expect(warnings).toMatch(name === "wrong_fan_in_fan_out" ? /fan_in_fan_out .* set to false/ : /^$/);
    const { data } = expected.tensor("pooled");
    const applied = await encoder.encode(texts);
    expect(largestError(flat(applied), data)).toBeLessThan(TOLERANCE);
    // It changes something at all.
    expect(largestError(flat(before), data)).toBeGreaterThan(100 * TOLERANCE);
    expect(await encoder.encode(texts, { adapter: null })).toEqual(before);
    const mixed = texts.map((__, i) => (i % 2 === 0 ? "peft" : null));
    expect(await encoder.encode(texts, { adapters: mixed })).toEqual(
      texts.map((__, i) => (i % 2 === 0 ? applied[i]! : before[i]!)),
    );
    encoder.mergeAdapter("peft");
    expect(largestError(flat(await encoder.encode(texts)), data)).toBeLessThan(TOLERANCE);
    encoder.unmergeAdapter("peft");
    expect(await encoder.encode(texts)).toEqual(applied);
    encoder.setAdapter(null);
    expect(await encoder.encode(texts)).toEqual(before);
  });

  it("has PEFT's gradients of all that is trained", async () => {
    const { encoder, expected } = await loaded(name, base);
    using _ = encoder;
    const { graph } = encoder;
    const { texts: ids } = await encoderJson<{ texts: number[][] }>(base, "ids.json");
    graph.step(() => {
      const pooled = encoder.pooled(raggedBatch(ids.slice(0, 8)));
      graph.backward(graph.mean(graph.square(pooled)));
    });
    const gradients = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    const adapter = encoder.adapter("peft");
    const turned = ({ shape, data }: { shape: readonly number[]; data: Float32Array }) => {
      const [rows, columns] = shape as [number, number];
      return Float32Array.from(data, (__, at) => data[(at % rows) * columns + Math.floor(at / rows)]!);
    };
    const own = (path: string) => `base_model.model.${path}`;
    const put = (key: string, id: Parameters<typeof graph.grad>[0], turn: boolean) => {
      const gradient = graph.grad(id);
      if (gradient === null) return;
      gradients.set(key, { shape: gradient.shape, data: turn ? turned(gradient) : gradient.data });
    };
    for (const [path, { kind, loraA, loraB, bias, magnitude }] of adapter.layers) {
      const [a, b] = kind === "linear" ? ["lora_A.weight", "lora_B.weight"] : ["lora_embedding_A", "lora_embedding_B"];
      put(own(`${path}.${a}`), loraA, true);
      put(own(`${path}.${b}`), loraB, true);
      if (bias !== null) put(own(`${path}.lora_B.bias`), bias, false);
      if (magnitude !== null) put(own(`${path}.lora_magnitude_vector`), magnitude, false);
    }
    for (const { node, name: key, transposed } of adapter.whole.values()) put(own(key), node, transposed);
    for (const { rows, name: key } of adapter.tokens.values()) put(own(key), rows, false);
    const wanted = expected.names.filter((key) => key.startsWith("grad/"));
    expect(wanted.length).toBeGreaterThan(1);
    const scale = Math.max(...wanted.map((key) => largest(expected.tensor(key).data)));
    for (const key of wanted) {
      const gradient = gradients.get(key.slice("grad/".length));
      expect(gradient, key).toBeDefined();
      const { data } = expected.tensor(key);
      // A table's padding row gets no gradient in PyTorch, here it gets none because no text has it.
      const off = data.reduce((most, x, i) => Math.max(most, Math.abs(x - gradient!.data[i]!)), 0);
      expect(off / scale, key).toBeLessThan(TOLERANCE);
    }
    const trained = new Set(adapter.params());
    expect(trained.size).toBeGreaterThanOrEqual(wanted.length);
  });

  it("is written as PEFT wrote it, by itself and by the encoder", async () => {
    const given = await files(name);
    if (!converts(name)) {
      const again = writeAdapter(readAdapter(given));
      expect(tensorsOf(again)).toEqual(tensorsOf(given));
      expect(configOf(again)).toEqual(configOf(given));
    }
    const { encoder } = await loaded(name, base);
    using _ = encoder;
    const saved = encoder.saveAdapter("peft");
    if (!converts(name)) {
      expect(tensorsOf(saved)).toEqual(tensorsOf(given));
      expect(configOf(saved)).toEqual({ ...configOf(given), fan_in_fan_out: false });
    }
    encoder.loadAdapter("again", saved);
    expect(encoder.saveAdapter("again")).toEqual(saved);
    const [first, second] = [await encoder.encode(texts), await encoder.encode(texts, { adapter: "again" })];
    expect(largestError(flat(second), flat(first))).toBeLessThan(converts(name) ? 1e-6 : 1e-30);
  });
});

const largest = (data: Float32Array) => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

function tensorsOf(given: { readonly [name: string]: Uint8Array }) {
  const file = readSafetensors(given["adapter_model.safetensors"]!);
  return Object.fromEntries(file.names.map((name) => [name, file.tensor(name)]));
}

function configOf(given: { readonly [name: string]: Uint8Array }) {
  const json = JSON.parse(new TextDecoder().decode(given["adapter_config.json"])) as Record<string, unknown>;
  delete json["peft_version"];
  return json;
}

it("what the file calls a tensor leads to the base's name for it", () => {
  expect(baseTensor("a.query.base_layer.bias")).toBe("a.query.bias");
  expect(baseTensor("classifier.modules_to_save.weight")).toBe("classifier.weight");
  expect(baseTensor("e.words.token_adapter.trainable_tokens_delta")).toBe("e.words.weight");
});
