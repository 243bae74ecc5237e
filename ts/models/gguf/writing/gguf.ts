import { ConfigError, UnsupportedError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { isReadable } from "../../../io/gguf/dequantize.js";
import type { GgufFile } from "../../../io/gguf/index.js";
import type { WrittenValue } from "../../../io/gguf/write.js";
import type { Json } from "../../../io/json.js";
import { type ModelSource, readJson } from "../../../io/model-source.js";
import { type Adapter, MERGED_KEY, type MergedModel, withMerged } from "../../../io/peft/index.js";
import type { OpenTensorFile } from "../../../io/safetensors/index.js";
import { type Change, type MergePlan, planMerge } from "../../../merging/merge-plan.js";
import { mergedValues } from "../../../merging/merged-pieces.js";
import { ChatTemplate } from "../../language/chat-template.js";
import { endsOf } from "../../language/load-language-model.js";
import { MetadataValues } from "../metadata-values.js";
import { ggufArchitecture, ggufNames } from "../names.js";
import { columnsOrdered, conversionOf, ordersIn, type RowOrder, rowsOrdered } from "../rows.js";
import { isGrouped } from "../tensors.js";
import { inRows, rowsOf, storedView } from "./hugging-face-values.js";
import { type ModelToWrite, mostOf, type Workshop, type WrittenModel, type WrittenTensor } from "./model.js";
import { fileTypes, isNarrowed, isWrittenType, typeOf, type WrittenType } from "./written-types.js";

/** A model's tokenizer files; null without tokenizer.json. Throws `ModelError` for invalid files. */
export async function tokenizerFiles(
  from: ModelSource,
  config: { readonly [key: string]: Json },
): Promise<ModelToWrite["tokenizer"]> {
  const tokenizer = await readJson(from, "tokenizer.json");
  if (tokenizer === null) return null;
  const settings = (await readJson(from, "tokenizer_config.json")) ?? {};
  const generation = (await readJson(from, "generation_config.json")) ?? {};
  const ends = [...endsOf(from, generation, config, Infinity)];
  const template = await ChatTemplate.read(from, settings);
  return { tokenizer, settings, ends, chatTemplate: template?.source ?? null };
}

/** Bytes that are read at a time. */
const PIECE = 1 << 20;

/** A GGUF file, and what becomes of it. */
interface GgufToWrite {
  readonly file: GgufFile;
  /** The file's name in messages. */
  readonly name: string;
  /** The type of its matrices; "auto" for that of each. */
  readonly type: WrittenType | "auto";
  /** Merged into its weights, and what these then say that they hold; null for none. */
  readonly merge: { readonly adapter: Adapter; readonly merged: (base: OpenTensorFile) => MergedModel } | null;
}

/**
 * Converts a GGUF file to another one: tensors that keep their type are copied, the others are converted from their dequantised values. A
 * matrix that an adapter changes keeps its type, or becomes Q8_0 if its type can only be read. Throws `UnsupportedError` for unknown
 * architectures and types, `AdapterError` for an adapter that does not fit.
 */
export async function ggufToWrite({ file, name, type, merge }: GgufToWrite): Promise<WrittenModel> {
  const kind = file.metadata.get("general.type");
  if (kind === "adapter")
    throw new ConfigError(`${clip(name)} is an adapter, not a model`, { file: name, key: "general.type", value: kind });
  if (Number(file.metadata.get("split.count") ?? 1) > 1)
    throw new UnsupportedError(
      `${clip(name)} is one of several files of a model: join them first (llama-gguf-split --merge)`,
      {
        file: name,
        key: "split.count",
        value: file.metadata.get("split.count"),
      },
    );
  const architecture = ggufArchitecture(file.metadata.get("general.architecture"));
  const view = storedView(file, architecture);
  const plan = merge === null ? null : planMerge(view, ...adapted(file, merge.adapter));
  const orders = ordersIn(architecture, new MetadataValues(file.metadata));
  const names = ggufNames(architecture.modelType);
  const tied = !file.has("output.weight") && plan?.untied == null;
  const notes = [...(plan?.warnings ?? [])];
  const coarser = new Map<string, number>();
  /** @param own the tensor of the file that it is, or of which it is a copy; @param other Hugging Face's name of it */
  const tensorOf = (title: string, own: string, other: string | undefined): WrittenTensor => {
    const { type: stored, shape } = file.info(own);
    const change = other === undefined ? undefined : plan?.changes.get(other);
    let to: string =
      type === "auto" || !isNarrowed({ name: title, shape }) ? stored : typeOf({ name: title, shape, tied }, type);
    if (change !== undefined && !isWrittenType(to)) {
      coarser.set(to, (coarser.get(to) ?? 0) + 1);
      to = "Q8_0";
    }
    if (change === undefined && to === stored)
      return { name: title, type: to, shape, bytes: (shop) => copied(file, own, shop) };
    if (!isReadable(stored))
      throw new UnsupportedError(`${clip(name)}: tensor ${excerpt(own)} is of type ${stored}, which is not read`, {
        file: name,
        tensor: own,
        dtype: stored,
      });
    const rows = shape[0] ?? 1;
    const width = shape.at(-1) ?? 1;
    const moved =
      change &&
      movedChange(change, {
        rows,
        width,
        order: orders.rows(other!, rows),
        columns: orders.columns(other!, width),
        value: conversionOf(architecture, other!)?.toFile ?? null,
      });
    return {
      name: title,
      type: to,
      shape,
      bytes: async function* (shop) {
        const values = moved === undefined ? decoded(file, own, shop) : changed(shop, plan!, other!, moved);
        for await (const part of inRows(values, width)) {
          await shop.pause();
          yield shop.encoder.encode(part, width, to as WrittenType, title);
        }
      },
    };
  };
  const otherName = new Map(view.names.map((other) => [view.ownName(other)!, other]));
  const tensors = file.names.map((own) => tensorOf(own, own, otherName.get(own)));
  for (const [other, { copyOf }] of plan?.added ?? []) {
    const title = names.weightOf(other.replace(/\.weight$/, ""));
    const own = copyOf === null ? undefined : view.ownName(copyOf);
    if (title === null || own === undefined)
      throw new UnsupportedError(`merge: a GGUF file has no place for ${excerpt(other)}`, { tensor: other });
    tensors.push(tensorOf(title, own, other));
  }
  for (const [from, count] of coarser)
    notes.push(`${count} tensors of type ${from} are changed and become Q8_0: ${from} is read here, not written`);
  if (type !== "auto" && file.names.some((own) => isRounded(file.info(own).type, type)))
    notes.push(
      "the file's numbers in groups are rounded a second time: the model's unquantised files give a better one",
    );
  const metadata = new Map<string, WrittenValue>();
  for (const key of file.metadata.keys())
    if (key !== "general.alignment") metadata.set(key, { stored: await file.rawMetadata(key) });
  if (type !== "auto") metadata.set("general.file_type", { uint32: fileTypes[mostOf(tensors)] });
  metadata.set("general.quantization_version", { uint32: 2 });
  if (merge !== null) metadata.set(MERGED_KEY, withMerged(new Map(), merge.merged(view)).get(MERGED_KEY)!);
  return { metadata, tensors, notes };
}

/** Whether numbers in groups become such of another type. */
const isRounded = (from: string, to: WrittenType) => from !== to && isGrouped(from) && isGrouped(to);

/** An adapter and a configuration for tensors that are all `[out, in]`. */
function adapted(file: GgufFile, adapter: Adapter) {
  const { modelType, inFirst } = ggufArchitecture(file.metadata.get("general.architecture"));
  const config = {
    architectures: ["ModelForCausalLM"],
    tie_word_embeddings: !file.has("output.weight"),
    ...(inFirst ? {} : { model_type: modelType }),
  };
  return [{ ...adapter, config: { ...adapter.config, fanInFanOut: false } }, config] as const;
}

async function* copied(file: GgufFile, name: string, { pause }: Workshop): AsyncGenerator<Uint8Array> {
  const { bytes } = file.info(name);
  for (let at = 0; at < bytes; at += PIECE) {
    await pause();
    yield await file.raw(name, at, Math.min(bytes, at + PIECE));
  }
}

/** A tensor's values as the file says them, in whole rows. */
async function* decoded(file: GgufFile, name: string, { pause }: Workshop): AsyncGenerator<Float32Array> {
  const { rows, bytes } = rowsOf(file, name);
  const most = Math.max(1, Math.floor(PIECE / bytes));
  for (let row = 0; row < rows; row += most) {
    await pause();
    yield file.decode(name, await file.raw(name, row * bytes, Math.min(rows, row + most) * bytes));
  }
}

async function* changed(
  { engine, pause }: Workshop,
  { base }: MergePlan,
  name: string,
  change: Parameters<typeof mergedValues>[3],
): AsyncGenerator<Float32Array> {
  for await (const { values } of mergedValues(engine, base, name, change, pause)) yield values;
}

/** How a tensor `[rows, …, width]` of Hugging Face's is arranged in a file; null for what is the same. */
interface Moves {
  readonly rows: number;
  readonly width: number;
  readonly order: RowOrder | null;
  readonly columns: RowOrder | null;
  /** What the file has in place of a value. */
  readonly value: ((value: number) => number) | null;
}

type Update = Extract<Change, { readonly kind: "update" }>["update"];

/** Converts a change of a Hugging Face tensor to one of the same tensor in a file. */
function movedChange(change: Change, moves: Moves): Change {
  const { rows, width, order, columns, value } = moves;
  const inOrder = (values: Float32Array) => (order === null ? values : rowsOrdered(values, rows, order));
  switch (change.kind) {
    case "rows":
      return change;
    case "update":
      return { ...change, update: movedUpdate(change.update, moves, inOrder) };
    case "add":
      return { ...change, values: inOrder(change.values) };
    case "replace": {
      const own = value === null ? change.values : change.values.map(value);
      return { ...change, values: inOrder(columns === null ? own : columnsOrdered(own, width, columns)) };
    }
  }
}

function movedUpdate(
  update: Update,
  { rows, width, order, columns }: Moves,
  inOrder: (values: Float32Array) => Float32Array,
): Update {
  const { rank, left, right, magnitude } = update;
  const moved = { ...update };
  if (order !== null) {
    const data = new Float32Array(rows * rank);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < rank; i++) data[order(row) * rank + i] = left.data[row * left.rowStep + i * left.columnStep]!;
    moved.left = { data, rowStep: rank, columnStep: 1 };
    if (magnitude?.alongRows) moved.magnitude = { ...magnitude, values: inOrder(magnitude.values) };
  }
  if (columns !== null) {
    const data = new Float32Array(rank * width);
    for (let i = 0; i < rank; i++)
      for (let column = 0; column < width; column++)
        data[i * width + columns(column)] = right.data[i * right.rowStep + column * right.columnStep]!;
    moved.right = { data, rowStep: width, columnStep: 1 };
  }
  return moved;
}
