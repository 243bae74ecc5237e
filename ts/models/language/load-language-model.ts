import type { AdapterSet } from "../../adapters/adapter-set.js";
import { checkOptions } from "../../arguments/options.js";
import { isRecord, oneOf } from "../../arguments/settings.js";
import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { Graph } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-access.js";
import type { Json } from "../../io/json.js";
import { type ModelSource, namingFolder, readJson, readRequiredJson } from "../../io/model-source.js";
import type { MergedModel } from "../../io/peft/index.js";
import type { CacheFormat } from "../../ops/attention/cached-attention.js";
import { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { type DecoderConfig, textConfig } from "../decoder/config.js";
import type { Decoder } from "../decoder/decoder.js";
import { decoderPlan } from "../decoders.js";
import { checkRuns, filled, keptWeights, type ModelOptions, openModel, refuseOnGpu } from "../load-model.js";
import { raggedBatch } from "../ragged-batch.js";
import { MODEL_OPTIONS } from "../sentence/encoder-options.js";
import type { WeightsOption } from "../stored-weights.js";
import { ChatTemplate } from "./chat-template.js";

/** Options of `CausalLanguageModel.load`. */
export interface LanguageModelOptions extends Omit<ModelOptions, "packedCopies" | "weights"> {
  /**
   * Format of the weights; see `LoadOptions.weights` of an encoder. Default by size: "f32" below half a billion parameters, "q8" below a
   * billion, "q4" above; "auto" for a GGUF file with grouped weights of that size.
   */
  readonly weights?: WeightsOption;
  /** Packed copies; see `LoadOptions.packedCopies` of an encoder. Default 1 for "f32": a language model is mostly weights. */
  readonly packedCopies?: 0 | 1 | 2;
  /**
   * Format of cached keys and values in generation: "f32" (default), bit-identical to computing the whole text, or "f16", rounded, in half
   * the memory. `logits`, `score`, `perplexity` and training are not affected.
   */
  readonly cache?: CacheFormat | undefined;
}

/** Parts of a language model. */
export interface LanguageModelParts {
  readonly name: string;
  readonly graph: Graph;
  readonly model: Decoder;
  /** Null if the files have no tokenizer: then only token ids are accepted. */
  readonly tokenizer: TextTokenizer | null;
  /** The chat template; null if the files have none. */
  readonly chatTemplate: ChatTemplate | null;
  /** Ids of tokens that end a text. */
  readonly ends: ReadonlySet<number>;
  readonly targetModules: readonly string[];
  /** `model_type` of config.json. */
  readonly modelType: string;
  readonly mergedModel: MergedModel | null;
  /** Format of cached keys and values. */
  readonly cacheFormat: CacheFormat;
}

const WHAT = "CausalLanguageModel.load";
/** Texts are not truncated: one that is too long throws where it is used. */
const ANY_LENGTH = 2 ** 31 - 1;

/** What `CausalLanguageModel.load` does, in a new graph; on an error everything is freed. */
export async function loadLanguageModel(
  source: string | FileMap | ModelSource,
  options: LanguageModelOptions,
): Promise<LanguageModelParts> {
  checkOptions(WHAT, options, [...MODEL_OPTIONS, "cache"]);
  const { cache: cacheFormat = "f32" } = options;
  oneOf(WHAT, "cache", cacheFormat, ["f32", "f16"]);
  const taken = await openModel(WHAT, source, options);
  const { from, seed, engine } = taken;
  const json = await readRequiredJson(from, "config.json");
  const plan = await namingFolder(from, "config.json", () => {
    refuseQuantized(json);
    return decoderPlan(json);
  });
  const { vocabularySize } = plan.config;
  const { packedCopies, weightsOf } = keptWeights(plan, taken);
  const ends = endsOf(from, (await readJson(from, "generation_config.json")) ?? {}, json, vocabularySize);
  const settings = (await readJson(from, "tokenizer_config.json")) ?? {};
  const tokenizer = await tokenizerOf(from, vocabularySize, settings);
  const chatTemplate = await ChatTemplate.read(from, settings);
  const graph = new Graph({ seed, packedCopies, engine });
  graph.owner.kind = "CausalLanguageModel";
  refuseMissing(graph, plan.config);
  // These weights' fingerprint is not needed, so it is not computed.
  return filled(graph, from, async (_, mergedModel, file) => {
    const model = await plan.load(graph, file, { ...taken, weights: weightsOf(file) });
    await checkRuns(graph, () => model.logits(model.infer(raggedBatch([Int32Array.of(0, 0)]), []), []));
    const { targetModules } = plan;
    // The plan was found by it.
    const modelType = json["model_type"] as string;
    const { name } = from;
    const known = { name, graph, model, tokenizer, chatTemplate, ends, targetModules };
    return { ...known, modelType, mergedModel, cacheFormat };
  });
}

/**
 * Throws `UnsupportedError` for what reads its values at once where the engine is on a GPU; kernels that are missing there are named when the
 * model first runs.
 */
function refuseMissing(graph: Graph, config: DecoderConfig): void {
  try {
    if (config.experts !== undefined) refuseOnGpu(WHAT, graph, "layers with experts do");
  } catch (error) {
    graph.dispose();
    throw error;
  }
}

/** Throws `UnsupportedError` for weights that another program quantised: they would be read without their scales. */
function refuseQuantized({ quantization_config: given }: Readonly<Record<string, Json>>): void {
  if (given === undefined || given === null) return;
  const method = isRecord(given) ? given["quant_method"] : given;
  throw new UnsupportedError(
    `config.json: quantization_config (${excerpt(method)}): of quantised weights only GGUF files' are read; ` +
      'load the model as it was before, with weights "q8" or "q4"',
    { key: "quantization_config", value: method },
  );
}

async function tokenizerOf(
  from: ModelSource,
  vocabularySize: number,
  settings: Readonly<Record<string, Json>>,
): Promise<TextTokenizer | null> {
  if (from.made?.("tokenizer.json") === undefined) {
    const file = await from.open("tokenizer.json");
    if (file === null) return null;
    await file.close?.();
  }
  return TextTokenizer.load(from, ANY_LENGTH, vocabularySize, false, settings);
}

/** eos_token_id, one or several, from generation_config.json, else from config.json. */
export function endsOf(
  { name }: ModelSource,
  generation: Readonly<Record<string, Json>>,
  config: Readonly<Record<string, Json>>,
  vocabularySize: number,
): ReadonlySet<number> {
  const given = generation["eos_token_id"] ?? textConfig(config)["eos_token_id"] ?? config["eos_token_id"] ?? [];
  const ids: readonly Json[] = Array.isArray(given) ? (given as Json[]) : [given];
  const strange = ids.find((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (strange !== undefined)
    throw new ModelError(
      `model ${clip(name)}: eos_token_id must be a token id or a list of them, got ${excerpt(strange)}`,
      {
        key: "eos_token_id",
        value: strange,
      },
    );
  // Some files name an id outside the table: the model never generates it.
  return new Set((ids as number[]).filter((id) => id < vocabularySize));
}

/** What is needed to tokenize a prompt. */
export type PromptReader = Pick<
  LanguageModelParts,
  "chatTemplate" | "ends" | "graph" | "model" | "name" | "tokenizer"
> & {
  /** Maximum length of a text in tokens. */
  readonly maxTokens: number;
};

/** What the calls of a language model need of it. */
export interface CalledLanguageModel extends PromptReader, Pick<LanguageModelParts, "cacheFormat"> {
  readonly adapterSet: AdapterSet;
}
