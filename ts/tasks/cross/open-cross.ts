import { copiedLora, LORA_OPTIONS, type LoraOptions } from "../../adapters/lora-options.js";
import { checkOptions } from "../../arguments/options.js";
import { text } from "../../arguments/settings.js";
import { ConfigError, ModelError, withFolder } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { FileMap } from "../../io/file-access.js";
import type { Json } from "../../io/json.js";
import { type ModelSource, readJson } from "../../io/model-source.js";
import {
  ADAPTER_FILES,
  baseTensor,
  isOriginal,
  readAdapterForBase,
  savedWhole,
  withoutCopies,
  writeAdapter,
} from "../../io/peft/index.js";
import type { HeadPlan } from "../../models/architecture.js";
import { MODEL_OPTIONS } from "../../models/sentence/encoder-options.js";
import { headTensors } from "../../models/sentence/head-layer.js";
import { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { openWeights } from "../../models/load-model.js";
import { weightTensor } from "../../models/stored-weights.js";
import type { Tensor } from "../../values/tensor.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import { namesOf } from "../head/transformers-head.js";
import { activationOf, defaultActivation, type LoadCrossEncoderOptions } from "./cross-options.js";
import { CrossHead, type CrossParts } from "./cross-head.js";

const what = "CrossEncoder.load";

type Settings = Readonly<Record<string, Json>>;

/** Opens a language model as a cross-encoder. */
export const answersOpener = /* @__PURE__ */ lazyChunk(async () => (await import("./open-answers.js")).openAnswers);

/** What a cross-encoder is made of, beside its encoder. */
interface CrossFiles {
  /** Settings, and the head or the answers' tokens. */
  readonly from: ModelSource;
  /** PEFT's files of adapter and head; null for none. */
  readonly saved: FileMap | null;
  /** Name of the adapter. */
  readonly adapter: string;
  /** Options of a new adapter; undefined for none, and if one is saved. */
  readonly lora?: LoraOptions | undefined;
  readonly prompt?: string | undefined;
  readonly allowNonFinite?: boolean;
}

/** A cross-encoder's parts by its files. On an error everything is freed. */
export async function openCross(
  source: string | FileMap | ModelSource,
  options: LoadCrossEncoderOptions,
): Promise<CrossParts> {
  checkOptions(what, options, [...MODEL_OPTIONS, "maxTokens", "model", "lora", "adapter", "prompt"], {
    lora: LORA_OPTIONS,
  });
  const { lora: given, adapter = "cross-encoder", prompt, ...loading } = options;
  const lora = copiedLora(given);
  const { allowNonFinite = false } = loading;
  if (prompt !== undefined) text(what, "prompt", prompt);
  const encoder = await SentenceEncoder.load(source, loading, { of: "pairs" });
  try {
    if (encoder.adapterFiles !== null && lora !== undefined)
      throw new ConfigError(`${what}: lora makes a new adapter, and these files have one; leave it out`, {
        op: what,
        option: "lora",
      });
    const from = await encoder.origin.reopen();
    const saved = encoder.adapterFiles;
    const parts = await partsOn(encoder, { from, saved, adapter, lora, prompt, allowNonFinite });
    return { ...parts, ownsEncoder: true };
  } catch (error) {
    encoder.dispose();
    throw typeof source === "string" ? withFolder(error, source, ADAPTER_FILES) : error;
  }
}

/**
 * Puts a cross-encoder's adapter and head on a loaded encoder: the head of a checkpoint or of PEFT's files, or the answers of a language
 * model. Throws as `CrossEncoder.load`; on an error the encoder is as before.
 */
export async function partsOn(encoder: SentenceEncoder, files: CrossFiles): Promise<Omit<CrossParts, "ownsEncoder">> {
  const { from, adapter, lora, prompt, allowNonFinite = false } = files;
  const { graph, model, headPlan, adapterSet } = encoder;
  const saved = files.saved && splitAdapter(files.saved, encoder, allowNonFinite);
  const settings: Settings = (await readJson(from, "config_sentence_transformers.json")) ?? {};
  const config: Settings = (await readJson(from, "config.json")) ?? {};
  const tensors = await headOf(from, encoder, saved?.head ?? new Map<string, Tensor>(), allowNonFinite);
  // A language model's own output layer scores; nothing else has a prompt.
  const open = isLanguageModel(headPlan) || prompt !== undefined ? await answersOpener() : null;
  const answers = await open?.(encoder, from, { settings, prompt, allowNonFinite });
  const added = { what, classifier: true };
  const parts = graph.allOrNothing(() => {
    const head = answers?.() ?? new CrossHead(graph, model, headPlan, tensors);
    // Last, since only the head is freed if it is refused.
    const modelAdapter =
      saved !== null
        ? adapterSet.load(adapter, saved.files, { allowNonFinite }, added)
        : lora === undefined
          ? null
          : adapterSet.add(adapter, lora, added);
    return { head, modelAdapter };
  });
  const count = parts.head.labels;
  const activation = activationOf(encoder.name, settings, config) ?? defaultActivation(count);
  return { ...parts, encoder, labels: labelsOf(from, settings, config, count), activation };
}

/** Whether a model's head is one layer on its last token, as a language model's is: as a cross-encoder it answers instead. */
export const isLanguageModel = ({ dense }: HeadPlan): boolean => dense === "";

/** PEFT's files without the head, and the head's tensors among them. */
function splitAdapter(files: FileMap, { headPlan }: SentenceEncoder, allowNonFinite: boolean) {
  const adapter = readAdapterForBase(files, { allowNonFinite });
  const names = headTensors(headPlan);
  const { prefix } = headPlan;
  const head = new Map<string, Tensor>();
  const rest = new Map<string, Tensor>();
  for (const [name, tensor] of withoutCopies(adapter.extra)) {
    if (isOriginal(name)) continue;
    const own = baseTensor(name);
    const bare = own.startsWith(prefix) ? own.slice(prefix.length) : own;
    const found = [own, bare].find((tensorName) => names.has(tensorName));
    if (found === undefined) rest.set(name, tensor);
    else head.set(found, tensor);
  }
  const kept = (adapter.config.modulesToSave ?? []).filter((module) => [...rest.keys()].some(savedWhole([module])));
  const modulesToSave = kept.length === 0 ? null : kept;
  return { files: writeAdapter({ ...adapter, config: { ...adapter.config, modulesToSave }, extra: rest }), head };
}

/** The head: the adapter's tensors, else those of the model's file. Throws `ModelError` if neither has one. */
export async function headOf(
  from: ModelSource,
  { headPlan, name, model }: SentenceEncoder,
  given: ReadonlyMap<string, Tensor>,
  allowNonFinite: boolean,
): Promise<ReadonlyMap<string, Tensor>> {
  const found = new Map(given);
  if (isLanguageModel(headPlan)) return found;
  const file = await openWeights(from);
  try {
    // BERT's pooler is read with the model.
    const ofModel = model.linears().some(({ parts }) => parts[0]!.path === headPlan.dense);
    const isRead = (tensor: string) => ofModel && tensor.startsWith(`${headPlan.dense}.`);
    for (const tensor of headTensors(headPlan))
      if (!found.has(tensor) && file.has(tensor) && !isRead(tensor))
        found.set(tensor, await weightTensor(file, tensor, { allowNonFinite }));
  } finally {
    await file.close();
  }
  if (found.has(`${headPlan.out}.weight`)) return found;
  throw new ModelError(
    `${what}: ${clip(name)} has no tensor "${headPlan.out}.weight": it is no cross-encoder, or its adapter was saved without the head (modules_to_save); \`CrossEncoder.create\` puts a new head on an encoder`,
    { op: what, model: name, tensor: `${headPlan.out}.weight` },
  );
}

/** Names of the labels: those that `save` wrote beside an adapter, else those of config.json, if there are as many. */
export function labelsOf(from: ModelSource, settings: Settings, config: Settings, count: number): readonly string[] {
  const own = settings["labels"] ?? null;
  if (Array.isArray(own) && own.length === count && own.every((name) => typeof name === "string")) return own;
  const named = namesOf(from, config["id2label"] ?? null);
  return named?.length === count ? named : Array.from({ length: count }, (_, i) => `LABEL_${i}`);
}
