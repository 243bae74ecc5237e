import { describe, expect, it } from "vitest";
import {
  AbortError,
  type FileMap,
  type ModelSource,
  readSafetensors,
  SentenceEncoder,
  writeSafetensors,
} from "../../../ts/index.js";
import { goldenEncoder } from "../golden-encoder.js";
import { goldenFolder, texts } from "./golden-folder.js";

const json = (files: FileMap, name: string) => JSON.parse(new TextDecoder().decode(files[name])) as object;
const farthest = (a: readonly Float32Array[], b: readonly Float32Array[]) =>
  Math.max(...a.flatMap((row, i) => [...row].map((x, j) => Math.abs(x - b[i]![j]!))));

const folders = [
  "plain-roberta",
  "old_layout-roberta",
  "prompts-roberta",
  "dense-modernbert",
  "dot-modernbert",
  "normalize-distilbert",
  "truncate-distilbert",
];

describe.each(folders)("%s", (name) => {
  it("is saved as sentence-transformers saves it, and opens with the same vectors", async () => {
    const golden = await goldenFolder(name);
    using encoder = await SentenceEncoder.load(golden);
    const files = await encoder.save();
    const written = Object.keys(files).filter((file) => file !== "README.md");
    // The old layout is written as the new one; a normalising module has a config.json since then.
    expect(written.sort()).toEqual(Object.keys(golden).sort());
    if (!name.startsWith("old_layout"))
      for (const file of written.filter((path) => /(^|\/)(modules|config|sentence_bert_config)\.json$/.test(path)))
        expect(json(files, file)).toEqual(json(golden, file));
    const { __version__: _, ...settings } = json(files, "config_sentence_transformers.json") as Record<string, unknown>;
    if (!name.startsWith("old_layout"))
      expect(json(golden, "config_sentence_transformers.json")).toMatchObject(settings);
    expect(json(files, "tokenizer_config.json")).toMatchObject({ model_max_length: 64 });
    expect(files["model.safetensors"]).toEqual(golden["model.safetensors"]);

    using again = await SentenceEncoder.load(files);
    expect(await again.encode(texts)).toEqual(await encoder.encode(texts));
    expect(await again.encodeQuery(texts)).toEqual(await encoder.encodeQuery(texts));
  });
});

it("saves an adapter as PEFT has it, or merged", async () => {
  const model = await goldenEncoder("roberta");
  using encoder = await SentenceEncoder.load(await goldenFolder("adapter-roberta"), { model });
  const vectors = await encoder.encode(texts);
  const golden = await goldenFolder("adapter-roberta");
  const files = await encoder.save({ base: "organisation/roberta", metrics: { "ndcg@10": 0.75, "of\n|two|\n": 1 } });
  expect(Object.keys(files).sort()).toEqual([...Object.keys(golden), "README.md"].sort());
  expect(json(files, "adapter_config.json")).toMatchObject({
    base_model_name_or_path: "organisation/roberta",
    task_type: "FEATURE_EXTRACTION",
    r: 4,
  });
  const card = new TextDecoder().decode(files["README.md"]);
  expect(card).toMatch(
    /^---\nbase_model: "organisation\/roberta"\nbase_model_relation: adapter\nlibrary_name: sentence-transformers\n/,
  );
  expect(card).toContain('metrics:\n- "ndcg@10"\n- "of\\n|two|\\n"\n---');
  expect(card).toContain("| ndcg@10 | 0.75 |\n| of \\|two\\|  | 1 |");
  using again = await SentenceEncoder.load(files, { model });
  expect(await again.encode(texts)).toEqual(vectors);

  const merged = await encoder.save({ merged: true });
  expect(Object.keys(merged)).not.toContain("adapter_config.json");
  using whole = await SentenceEncoder.load(merged);
  expect(farthest(await whole.encode(texts), vectors)).toBeLessThan(2e-6);
  expect(() => whole.loadAdapter("twice", files)).toThrow("merged from default");
  const [before, after] = [model["model.safetensors"]!, merged["model.safetensors"]!].map((bytes) =>
    readSafetensors(bytes),
  );
  const changed = before!.names.filter(
    (tensor) => !after!.tensor(tensor).data.every((x, i) => x === before!.tensor(tensor).data[i]),
  );
  expect(changed).toHaveLength(6);
});

it("saves the adapter as it is at the call", async () => {
  const model = await goldenEncoder("roberta");
  using encoder = await SentenceEncoder.load(await goldenFolder("adapter-roberta"), { model });
  const vectors = await encoder.encode(texts);
  const saving = encoder.save();
  encoder.removeAdapter("default");
  using again = await SentenceEncoder.load(await saving, { model });
  expect(await again.encode(texts)).toEqual(vectors);
  using bare = await SentenceEncoder.load(await encoder.save());
  expect(await bare.encode(texts)).toEqual(await encoder.encode(texts, { adapter: null }));
});

it("refuses what makes no sense, by name", async () => {
  using encoder = await SentenceEncoder.load(await goldenFolder("plain-roberta"));
  await expect(encoder.save({ adapter: "none" })).rejects.toThrow('"none"');
  await expect(encoder.save({ merged: 1 as never })).rejects.toThrow("save: merged");
  for (const ndcg of ["high" as never, NaN, Infinity])
    await expect(encoder.save({ metrics: { ndcg } })).rejects.toThrow("save: metrics is finite numbers by name");
  const signal = AbortSignal.abort();
  await expect(encoder.save({ signal })).rejects.toMatchObject({ name: "AbortError" });
});

it.each<[string, (files: Record<string, Uint8Array>) => void]>([
  [
    "weights",
    (files) => {
      const file = readSafetensors(files["model.safetensors"]!);
      const tensors = new Map(file.names.map((tensor) => [tensor, file.tensor(tensor)]));
      const [[first, { shape, data }]] = [...tensors] as [[string, { shape: readonly number[]; data: Float32Array }]];
      tensors.set(first, { shape, data: data.map((x) => x + 1) });
      files["model.safetensors"] = writeSafetensors(tensors);
    },
  ],
  [
    "tokenizer",
    (files) => {
      const tokenizer = json(files, "tokenizer.json") as { model: { vocab: Record<string, number> } };
      const last = Object.entries(tokenizer.model.vocab).slice(-2);
      const [[a, one], [b, two]] = last as [[string, number], [string, number]];
      Object.assign(tokenizer.model.vocab, { [a]: two, [b]: one });
      files["tokenizer.json"] = new TextEncoder().encode(JSON.stringify(tokenizer));
    },
  ],
])("notices that the base's %s changed since it was loaded, where it writes the whole model", async (_, change) => {
  const files: Record<string, Uint8Array> = { ...(await goldenEncoder("distilbert")) };
  const source: ModelSource = {
    name: "base",
    open: async (name) => {
      const bytes = files[name];
      if (bytes === undefined) return null;
      return { size: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) };
    },
  };
  using encoder = await SentenceEncoder.load(source);
  encoder.addAdapter("a", { rank: 2 });
  await encoder.save({ merged: true });
  change(files);
  for (const options of [{ merged: true }, { adapter: null }])
    await expect(encoder.save(options)).rejects.toThrow(/of base changed since the model was loaded/);
  using again = await SentenceEncoder.load(source);
  await again.save();
});

it("answers an aborted signal, with an adapter alone too, and reads inherited options", async () => {
  using encoder = await SentenceEncoder.load(await goldenEncoder("roberta"));
  encoder.addAdapter("a", { rank: 2 });
  for (const merged of [false, true])
    await expect(encoder.save({ merged, signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
  const inherited = Object.create({ normalize: true, adapter: null }) as { normalize: boolean };
  for (const call of ["encode", "encodeQuery", "encodeDocument"] as const) {
    const [vector] = await encoder[call](["a text"], inherited);
    expect(Math.hypot(...vector!)).toBeCloseTo(1, 6);
  }
});
