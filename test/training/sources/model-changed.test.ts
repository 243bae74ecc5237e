import { beforeAll, expect, it } from "vitest";
import { AbortError, ConfigError, readSafetensors, writeSafetensors } from "../../../ts/index.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import { type JobSources, memoryStore } from "../../../ts/jobs/index.js";
import { sha256 } from "../../../ts/io/sha256.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { afterStep, results, run, sources, spec } from "../../jobs/tiny-job.js";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const pooling = (mode: string) => json({ word_embedding_dimension: 32, [`pooling_mode_${mode}`]: true });

/** Files of a Dense layer that keeps vectors as they are. */
const layer = (folder: string): FileMap => {
  const identity = Float32Array.from({ length: 32 * 32 }, (_, i) => (i % 33 === 0 ? 1 : 0));
  const activation_function = "torch.nn.modules.linear.Identity";
  return {
    [`${folder}/config.json`]: json({ in_features: 32, out_features: 32, bias: false, activation_function }),
    [`${folder}/model.safetensors`]: writeSafetensors({ "linear.weight": { shape: [32, 32], data: identity } }),
  };
};

/** A model in two files of weights, with all that decides what a text's vector is. */
let files: FileMap;
beforeAll(async () => {
  const { "model.safetensors": weights, ...rest } = await tinyEncoder();
  const file = readSafetensors(weights!);
  const shard = (part: number) => file.names.filter((_, i) => i % 2 === part);
  const written = (part: number) => writeSafetensors(new Map(shard(part).map((name) => [name, file.tensor(name)])));
  const weight_map = Object.fromEntries(
    [0, 1].flatMap((part) => shard(part).map((name) => [name, `part-${part}.safetensors`])),
  );
  files = {
    ...rest,
    "model.safetensors.index.json": json({ weight_map }),
    "part-0.safetensors": written(0),
    "part-1.safetensors": written(1),
    "modules.json": json([
      { path: "", type: "sentence_transformers.models.Transformer" },
      { path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
      { path: "2_Dense", type: "sentence_transformers.models.Dense" },
      { path: "3_Dense", type: "sentence_transformers.models.Dense" },
    ]),
    ...layer("2_Dense"),
    ...layer("3_Dense"),
    "1_Pooling/config.json": pooling("mean_tokens"),
    "sentence_bert_config.json": json({ max_seq_length: 20 }),
    "tokenizer_config.json": json({}),
  };
});

/** Sources of a model; `hashed`: which gives its files' hashes itself, as a folder does. */
const of = (model: FileMap, hashed: boolean): JobSources => ({
  ...sources,
  async findModel() {
    const { name, open } = await modelSource(model);
    const digest = async (file: string) => (Object.hasOwn(model, file) ? sha256(model[file]!) : null);
    return { name, open, origin: "memory", ...(hashed && { digest }) };
  },
});

async function interrupted(model: FileMap, hashed: boolean) {
  const store = memoryStore();
  const abort = new AbortController();
  const onProgress = (event: Parameters<ReturnType<typeof afterStep>>[0]) => {
    if (afterStep(2)(event)) abort.abort();
  };
  const job = run({ ...spec, steps: 4 }, store, { sources: of(model, hashed), signal: abort.signal, onProgress });
  await expect(job).rejects.toThrow(AbortError);
  return store;
}

/** The same weights but for one number. */
function nudged(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 2]! ^= 1;
  return copy;
}

const changes: [file: string, change: (own: FileMap) => FileMap][] = [
  ["1_Pooling/config.json", () => ({ "1_Pooling/config.json": pooling("cls_token") })],
  ["modules.json", ({ "modules.json": own }) => ({ "modules.json": new Uint8Array([...own!, 10]) })],
  ["sentence_bert_config.json", () => ({ "sentence_bert_config.json": json({ max_seq_length: 19 }) })],
  ["the second layer", ({ "3_Dense/model.safetensors": own }) => ({ "3_Dense/model.safetensors": nudged(own!) })],
  ["the first shard", ({ "part-0.safetensors": own }) => ({ "part-0.safetensors": nudged(own!) })],
  ["the last shard", ({ "part-1.safetensors": own }) => ({ "part-1.safetensors": nudged(own!) })],
  ["tokenizer_config.json", () => ({ "tokenizer_config.json": json({ a: 1 }) })],
];

for (const hashed of [true, false]) {
  const how = hashed ? "that hashes its files" : "whose files are read";
  it(`a model ${how} is refused on resuming where a file of it changed`, async () => {
    const store = await interrupted(files, hashed);
    const before = store.files();
    for (const [name, change] of changes) {
      const other = { ...files, ...change(files) };
      const job = run({ ...spec, steps: 4 }, store, { sources: of(other, hashed) });
      const error = await job.catch((thrown: unknown) => thrown);
      expect(error, name).toBeInstanceOf(ConfigError);
      expect((error as Error).message, name).toMatch(/the model \(weights, configuration or tokenizer\) changed since/);
      expect(store.files()).toEqual(before);
    }
    await run({ ...spec, steps: 4 }, store, { sources: of(files, hashed) });
    const whole = memoryStore();
    await run({ ...spec, steps: 4 }, whole, { sources: of(files, hashed) });
    expect(results(store.files())).toEqual(results(whole.files()));
  });
}

it("a file that is not there when a run goes on is a change too", async () => {
  for (const gone of ["1_Pooling/config.json", "sentence_bert_config.json"]) {
    const store = await interrupted(files, false);
    const { [gone]: _, ...rest } = files;
    await expect(run({ ...spec, steps: 4 }, store, { sources: of(rest, false) })).rejects.toThrow(ConfigError);
  }
});
