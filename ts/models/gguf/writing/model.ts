import type { Engine } from "../../../engine/running.js";
import { ModelError } from "../../../errors/errors.js";
import type { GgufPlan, WrittenValue } from "../../../io/gguf/write.js";
import { MERGED_KEY } from "../../../io/peft/index.js";
import type { Json } from "../../../io/json.js";
import { encodeTensor, type OpenTensorFile } from "../../../io/safetensors/index.js";
import type { Change } from "../../../merging/merge-plan.js";
import type { Pause } from "../../../merging/stored-tensor.js";
import { ggufTokenizerValues, type TokenizerFiles } from "../../../tokenize/gguf/gguf-tokenizer-values.js";
import { sizeOf } from "../../../values/tensor.js";
import { textConfig } from "../../decoder/config.js";
import { decoderPlan } from "../../decoders.js";
import { checkTensors, presentTensors } from "../../file-tensors.js";
import { ggufNames } from "../names.js";
import { headsOf, ordersOf, storedShape } from "../rows.js";
import { fileTypes, isTurned, isWrittenType, type RowEncoder, typeOf, type WrittenType } from "./written-types.js";
import { arranged, inRows, valuesOf } from "./hugging-face-values.js";
import { checkSaysAll, modelValues } from "./model-values.js";
import type { NamedShape } from "../../architecture.js";

/** A tensor of a GGUF file, and what its values are in a model's own files. */
interface Place {
  /** GGUF's name. */
  readonly name: string;
  /** Hugging Face's name and shape of the same tensor. */
  readonly full: string;
  readonly shape: readonly number[];
  /** The tensors that have its values, one after another. */
  readonly sources: readonly NamedShape[];
  /** Which part of each expert's rows in them, of how many. */
  readonly part: { readonly index: number; readonly count: number };
}

const WHOLE = { index: 0, count: 1 };

/**
 * Where a GGUF file has the values of a tensor: in one tensor, or for matrices of experts in one for each module, which has those of all
 * experts. Null if there is no name for it.
 *
 * @param sources the model's tensor, or those that its files have in its place
 */
function placesOf(
  tensor: NamedShape,
  sources: readonly NamedShape[],
  nameIn: (name: string) => string | undefined,
): readonly Place[] | null {
  const own = nameIn(tensor.name);
  if (own !== undefined) return [{ name: own, full: tensor.name, shape: tensor.shape, sources, part: WHOLE }];
  const modules = tensor.instead?.().find((list) => list.every(({ name }) => nameIn(name) !== undefined));
  if (modules === undefined) return null;
  const count = modules.length;
  return modules.map(({ name: full, shape }, index) => ({
    name: nameIn(full)!,
    full,
    shape,
    ...(sources.length === 1
      ? { sources, part: { index, count } }
      : { sources: sources.filter((_, i) => i % count === index), part: WHOLE }),
  }));
}

/** Values of the same part of each unit, where all units have one length. */
async function* partOfEach(
  values: AsyncIterable<Float32Array>,
  unit: number,
  { index, count }: Place["part"],
): AsyncGenerator<Float32Array> {
  const [begin, end] = [(unit * index) / count, (unit * (index + 1)) / count];
  let at = 0;
  for await (const piece of values) {
    for (let first = at - (at % unit); first < at + piece.length; first += unit) {
      const [from, to] = [Math.max(first + begin, at) - at, Math.min(first + end - at, piece.length)];
      if (from < to) yield piece.subarray(from, to);
    }
    at += piece.length;
  }
}

/** What creating tensors needs. */
export interface Workshop {
  readonly engine: Engine;
  readonly encoder: RowEncoder;
  readonly pause: Pause;
}

/** A tensor that is to be written, and its bytes piece by piece. */
export interface WrittenTensor extends GgufPlan {
  readonly bytes: (workshop: Workshop) => AsyncIterable<Uint8Array>;
}

/** A GGUF file that is to be written, before any of its tensors is read. */
export interface WrittenModel {
  readonly metadata: ReadonlyMap<string, WrittenValue>;
  readonly tensors: readonly WrittenTensor[];
  /** Warnings for users of the file. */
  readonly notes: readonly string[];
}

/** A model in Hugging Face's layout, and what becomes of it. */
export interface ModelToWrite {
  /** Name in the file. */
  readonly name: string;
  /** config.json. */
  readonly config: { readonly [key: string]: Json };
  readonly file: OpenTensorFile;
  /** Null for a model without tokenizer.json. */
  readonly tokenizer: Omit<TokenizerFiles, "config" | "vocabularySize"> | null;
  /** An adapter's, by the file's name of a tensor. */
  readonly changes: ReadonlyMap<string, Change>;
  /** The type of its matrices; "auto" for that of each in the file. */
  readonly type: WrittenType | "auto";
}

/**
 * Converts a language model in Hugging Face's layout to a GGUF file. Throws `ModelError` for other files, `UnsupportedError` for
 * architectures, settings and tokenizers that GGUF does not have.
 */
export async function modelToWrite(model: ModelToWrite): Promise<WrittenModel> {
  const { file, changes, type } = model;
  const json = { model_type: model.config["model_type"]!, ...textConfig(model.config) };
  const plan = decoderPlan(json);
  const { config } = plan;
  const { name: architecture, architecture: named, nameOf: nameIn } = ggufNames(json["model_type"] as string);
  const { values, factors, notes } = modelValues(json, config, architecture);
  const nameOf = checkTensors(file, plan.tensors(), plan.base);
  const fail = (name: string, problem: string) => new ModelError(`${name} ${problem}`, { tensor: name });
  const how = { architecture: named, ...ordersOf(named, headsOf(config), fail) };
  const tensors: WrittenTensor[] = [...factors].map(([name, data]) => ({
    name,
    type: "F32",
    shape: [data.length],
    bytes: async function* () {
      yield encodeTensor(data, "F32", name);
    },
  }));
  /** A tensor of the file. */
  const tensorOf = ({ name, full, shape: stored, sources, part }: Place): WrittenTensor => {
    const shape = isTurned(named, full) ? [...stored].reverse() : storedShape(full, stored);
    const owns = sources.map((source) => ({ own: nameOf(source.name), unit: sizeOf(source.shape.slice(-2)) }));
    const [{ own: first } = { own: full }] = owns;
    const kept = file.info(first).dtype;
    const wanted = type === "auto" ? (isWrittenType(kept) ? kept : "F32") : type;
    const to = typeOf({ name, shape, tied: config.tied }, wanted);
    const width = shape.at(-1) ?? 1;
    const values = async function* ({ engine, pause }: Workshop) {
      for (const { own, unit } of owns)
        yield* partOfEach(valuesOf(engine, file, own, changes.get(own), pause), unit, part);
    };
    return {
      name,
      type: to,
      shape,
      bytes: async function* (shop) {
        for await (const rows of inRows(arranged(values(shop), full, stored, how), width)) {
          await shop.pause();
          yield shop.encoder.encode(rows, width, to, first);
        }
      },
    };
  };
  for (const tensor of plan.tensors()) {
    const places = placesOf(tensor, [...presentTensors(file, [tensor], nameOf)], nameIn);
    if (places === null) throw fail(nameOf(tensor.name), "has no name in GGUF files that is known here");
    tensors.push(...places.map(tensorOf));
  }
  await checkSaysAll(config, new Map([["general.architecture", architecture], ...values]), tensors, factors);
  const words = { config: json, vocabularySize: config.vocabularySize };
  const tokenizer = model.tokenizer && ggufTokenizerValues({ ...model.tokenizer, ...words });
  const merged = [...file.metadata].filter(([key]) => key === MERGED_KEY);
  return {
    metadata: new Map<string, WrittenValue>([
      ["general.architecture", architecture],
      ["general.type", "model"],
      ["general.name", model.name],
      ["general.file_type", { uint32: fileTypes[mostOf(tensors)] }],
      ["general.quantization_version", { uint32: 2 }],
      ...merged,
      ...values,
      ...(tokenizer?.values ?? []),
    ]),
    tensors,
    notes: [
      ...notes,
      ...(tokenizer?.notes ?? ["there is no tokenizer.json: the file has no tokenizer, and takes ids alone"]),
    ],
  };
}

/** The type of the most values. */
export function mostOf(tensors: readonly GgufPlan[]): WrittenType {
  const sums = new Map<string, number>();
  for (const { type, shape } of tensors)
    sums.set(type, (sums.get(type) ?? 0) + shape.reduce((product, length) => product * length, 1));
  const [most] = [...sums].sort((a, b) => b[1] - a[1])[0] ?? ["F32"];
  return isWrittenType(most) ? most : "F32";
}
