import { oneOf, whole } from "../../arguments/settings.js";
import { Graph } from "../../graph/graph.js";
import { checkRuns, filled, keptWeights, openModel } from "../load-model.js";
import type { FileMap } from "../../io/file-access.js";
import { type ModelSource, readJson } from "../../io/model-source.js";
import type { MergedModel } from "../../io/peft/index.js";
import { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { Tensor } from "../../values/tensor.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import type { HeadPlan, TransformerModel } from "../architecture.js";
import { readPlan } from "../architectures.js";
import { raggedBatch } from "../ragged-batch.js";
import { withLayers } from "../file-tensors.js";
import { densePrints } from "./dense.js";
import type { LoadOptions } from "./encoder-options.js";
import { type LoadedHead, type LoadedTokenHead, loadHead, loadTokenHead, withTensors } from "./head-layer.js";
import { noTokenizer, withKnownModules } from "./load-tokenizer.js";
import { longestText, readSentenceLayout, type SentenceLayout } from "./layout.js";
import { pooledBy, Pooling, poolingModes } from "./pooling.js";

/** Where a model's files are. */
export interface ModelOrigin {
  /** Opens them again; of an adapter's folder, with the base's. */
  readonly reopen: () => Promise<ModelSource>;
}

/** Parts of an encoder. */
export interface EncoderParts {
  readonly name: string;
  /** `model_type` of its config.json. */
  readonly modelType: string;
  readonly graph: Graph;
  readonly model: TransformerModel;
  readonly tokenizer: TextTokenizer;
  /** The maximum length that earlier versions used for known models without modules.json. */
  readonly formerMaxTokens: number;
  readonly layout: SentenceLayout;
  /** Default target modules. */
  readonly targetModules: readonly string[];
  readonly fingerprint: string;
  /** The fingerprint without dense modules. */
  readonly weightsFingerprint: string;
  readonly mergedModel: MergedModel | null;
  /** The head of its checkpoint; sentence vectors go through all its layers except the last. Null for none. */
  readonly head: LoadedHead | null;
  /** The head of a checkpoint for tokens, which sentence vectors do not go through; null for none. */
  readonly tokenHead: LoadedTokenHead | null;
  /** The head that transformers puts on such a model, whether or not these files have one. */
  readonly headPlan: HeadPlan;
  /** PEFT's files of the adapter that was in the place of weights; null for none. */
  readonly adapter: FileMap | null;
  readonly origin: ModelOrigin;
}

/** Reads a folder that has an adapter in place of weights. */
export const adapterFolder = /* @__PURE__ */ lazyChunk(
  async () => (await import("./adapter-folder.js")).openAdapterFolder,
);

/** Which head of a checkpoint to load, and tensors that replace the file's. */
export interface WantedHead {
  /** "pairs": a cross-encoder, which loads its head and adapter itself. */
  readonly of: "texts" | "tokens" | "pairs";
  readonly tensors?: ReadonlyMap<string, Tensor>;
}

/**
 * What `SentenceEncoder.load` does, in a new graph; on an error everything is freed.
 *
 * @param wanted the head to load too; sentence vectors go through all layers of a head for texts except the last
 * @param knowsModules whether a known model gets the modules that its files lack
 */
export async function loadEncoder(
  source: string | FileMap | ModelSource,
  options: LoadOptions,
  wanted: WantedHead | null,
  knowsModules = true,
): Promise<EncoderParts> {
  const { maxTokens: longest, pooling, model: base } = options;
  if (pooling !== undefined) oneOf("load", "pooling", pooling, poolingModes);
  const taken = await openModel("load", source, options);
  const { seed, engine, reopen } = taken;
  const { source: from, adapter } = await withBase(taken.from, base, options);
  const { json, plan } = await readPlan(from);
  const { maxPositions, vocabularySize } = plan.config;
  const found = await readSentenceLayout(from, wanted === null && pooling === undefined);
  const said = pooling === undefined ? found : { ...found, pooling: new Pooling([pooling], found.pooling.dense) };
  const lengthOf = (of: SentenceLayout) => longest ?? longestText(of, maxPositions);
  const maxTokens = whole("load", "maxTokens", lengthOf(said), 2, maxPositions);
  const tokenizer = await TextTokenizer.load(from, maxTokens, vocabularySize, said.lowercase, said.tokenizerConfig);
  const { packedCopies, weightsOf } = keptWeights(plan, taken);
  const graph = new Graph({ seed, packedCopies, engine });
  graph.owner.kind = "SentenceEncoder";
  return filled(graph, from, async (read, mergedModel, file) => {
    const how = { ...taken, weights: weightsOf(file) };
    const model = await plan.load(graph, read.file, how);
    const [tensors, { hiddenSize }] = [withTensors(file, wanted?.tensors ?? new Map()), plan.config];
    const head = wanted?.of === "texts" ? await loadHead(tensors, graph, plan.head, model, how) : null;
    const tokenHead = wanted?.of === "tokens" ? await loadTokenHead(tensors, graph, plan.head, hiddenSize, how) : null;
    const loaded = head?.pooling ?? (await said.pooling.loaded(from, graph, hiddenSize, how));
    const weightsFingerprint = read.fingerprint(plan, tokenizer);
    const isKnown = knowsModules && head === null;
    const layout = isKnown ? withKnownModules(said, read.fingerprint(plan, noTokenizer)) : said;
    // A head that was trained with transformers had its texts truncated by the tokenizer, not by sentence-transformers' settings.
    const isForeign = Array.from(wanted?.tensors?.keys() ?? []).some((name) => !file.names.includes(name));
    const cut = isForeign ? { ...said, maxTokens: null } : wanted === null ? layout : said;
    await checkRuns(graph, () =>
      pooledBy({ graph, model, pooling: loaded }, raggedBatch([Int32Array.of(0, 0)]), [], { skip: 0 }),
    );
    const behind = head === null ? await densePrints(from, said.pooling.dense) : [];
    return {
      name: from.name,
      modelType: json["model_type"] as string,
      graph,
      model,
      tokenizer: tokenizer.with(lengthOf(cut), cut.lowercase),
      formerMaxTokens: maxTokens,
      layout: { ...layout, pooling: loaded },
      targetModules: plan.targetModules,
      fingerprint: withLayers(weightsFingerprint, behind),
      weightsFingerprint,
      mergedModel,
      head,
      tokenHead,
      headPlan: plan.head,
      adapter,
      origin: { reopen: async () => (await withBase(await reopen(), base, {})).source },
    };
  });
}

/** A model's source; of a folder with an adapter in place of weights, that of its base, and the adapter. */
async function withBase(from: ModelSource, model: LoadOptions["model"], options: LoadOptions) {
  const isWhole = from.made !== undefined || (await readJson(from, "config.json")) !== null;
  const found = isWhole ? null : await (await adapterFolder())(from, model, options);
  return found ?? { source: from, adapter: null };
}
