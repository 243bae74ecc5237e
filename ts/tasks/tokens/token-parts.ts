import { LORA_OPTIONS, type LoraOptions } from "../../adapters/lora-options.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkOptions } from "../../arguments/options.js";
import { FormatError, ModelError, UnsupportedError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import type { FileMap, SavedFiles } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { transpose } from "../../io/peft/conv1d.js";
import { readAdapterForBase } from "../../io/peft/index.js";
import { isAllLinear } from "../../io/peft/targets.js";
import type { WeightOptions } from "../../io/safetensors/index.js";
import type { InferOptions } from "../../models/sentence/encoder-options.js";
import { type BeforeTokenHead, isDeepTokenHead, TOKEN_OUT } from "../../models/sentence/head-layer.js";
import { checkUsable, type SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { formatShape, type Tensor, zeros } from "../../values/tensor.js";
import { labelsOf, readHead, takeLabels } from "../head/classifier-files.js";
import {
  checkEncoder,
  type ClassifierOptions,
  type LoadClassifierOptions,
  takeLoading,
  tokenizerFor,
  whole,
} from "../head/classifier-parts.js";
import type { LessonOptions } from "../head/classifier-training.js";
import type { FitHeadOptions } from "../head/fit-head.js";
import type { EncoderOptions } from "../head/open-classifier.js";
import { checkSameTargets } from "../head/opened-parts.js";
import { withHead, withoutHead } from "../head/transformers-head.js";
import type { Aggregation } from "./token-spans.js";

/** Options of `TokenClassifier.predict`. */
export interface TokenClassifyOptions extends Omit<InferOptions, "adapters"> {
  /**
   * "first" (default): a word has the label of its first token, as in `fit` and `evaluate`, and neighbouring words with the same label are
   * one span; "B-" and "I-" say where a span begins and continues, "O" is omitted. "simple": the same for tokens. "none": a span for each
   * token, or for each given word, including "O". The names are those of transformers' pipeline, whose default is "none". Words of a text
   * are runs of letters and digits; every other character is a word. With labels in IOBES or BILOU, "E-" and "L-" say where a span ends,
   * "S-" and "U-" that it is a single word.
   */
  readonly aggregation?: Aggregation;
}

/** Options of `TokenClassifier.create`. Labels of entities are "B-…" where one begins, "I-…" where it continues, and "O" for other words. */
export type TokenClassifierOptions<Label extends string = string> = ClassifierOptions<Label>;

/** Options of `TokenClassifier.fit`: those of a text classifier without `sampling` and `emptyTexts`. */
export type TokenFitOptions = LessonOptions;

/** Options of `TokenClassifier.fitHead`: those of a text classifier without `sampling` and `emptyTexts`. */
export type TokenFitHeadOptions = Omit<FitHeadOptions, "sampling" | "emptyTexts">;

/** Options of `TokenClassifier.evaluate`. */
export interface TokenEvaluateOptions extends Omit<InferOptions, "adapters"> {
  /**
   * Whether an entity must begin with "B-", as in seqeval's strict mode for IOB2. Default false: "I-" after another label also begins one,
   * as in seqeval's default mode and conlleval. With labels that mark ends ("E-", "L-"), an entity without its end does not count either.
   */
  readonly strict?: boolean;
}

/** Options of `TokenClassifier.open`. */
export interface OpenTokenClassifierOptions<Label extends string = string>
  extends LoadClassifierOptions, EncoderOptions {
  /** The base model, as in `SentenceEncoder.load`; default: the one that the files name. */
  readonly model?: string | FileMap | ModelSource;
  /** Options of an adapter to train together with the head of a checkpoint of transformers; default: none. */
  readonly lora?: LoraOptions;
  /** Names of the classes, for PEFT's files, which have none; default: those of the base's config.json, else LABEL_0, LABEL_1, … */
  readonly labels?: readonly Label[];
  /**
   * Length in tokens to which texts are truncated, for PEFT's files and checkpoints of transformers, which do not record it; default: the
   * model's maximum. The files of `save` record it.
   */
  readonly maxTokens?: number;
}

/** The head on an encoder's tokens. */
interface TokenHead {
  readonly before: BeforeTokenHead;
  readonly out: ClassificationHead;
  /** Whether the last layer has a bias. */
  readonly hasBias: boolean;
}

/** Trained parameters of a head. */
export const trainedOf = ({ out, hasBias }: TokenHead): NodeId[] => (hasBias ? out.params() : [out.weight]);

/**
 * The head's layers before the last one: none, or the checkpoint's. Throws `UnsupportedError` if the architecture has layers there that
 * these files lack.
 */
function beforeHead(what: string, { tokenHead, headPlan, name }: SentenceEncoder): BeforeTokenHead {
  if (tokenHead !== null) return tokenHead.before;
  if (!isDeepTokenHead(headPlan)) return (hidden) => hidden;
  throw new UnsupportedError(
    `${what}: a head for tokens of this architecture has a layer and a norm before its last layer, which ${name} lacks: open a checkpoint of AutoModelForTokenClassification with \`TokenClassifier.open\` and the option \`lora\``,
    { op: what, model: name },
  );
}

/** Whether transformers' model for tokens lacks this module of a bare encoder: the pooler. */
const isPooler = (path: string) => path.split(".")[0] === "pooler";

/** Adapter and head as PEFT's files for transformers' `AutoModelForTokenClassification`. */
export function writePeftTokens(
  { headPlan, tokenHead }: SentenceEncoder,
  adapter: ModelAdapter,
  { out, hasBias }: TokenHead,
): SavedFiles {
  const { graph } = out;
  const last: Record<string, Tensor> = { [`${TOKEN_OUT}.weight`]: transpose(graph.value(out.weight)) };
  if (hasBias) last[`${TOKEN_OUT}.bias`] = graph.value(out.bias);
  const file = adapter.toFile();
  // With "all-linear", PEFT would also target the head, which it cannot both adapt and save.
  const targetModules = isAllLinear(file.config.targetModules) ? [...file.layers.keys()] : file.config.targetModules;
  const beside = [...(tokenHead?.linears ?? []).flatMap(({ parts }) => parts), ...(tokenHead?.norms ?? [])];
  return withHead(
    { ...file, config: { ...file.config, targetModules } },
    {
      taskType: "TOKEN_CLS",
      prefix: headPlan.prefix,
      beside: beside.map(({ path }) => path),
      before: {},
      last,
      saved: [TOKEN_OUT],
    },
  );
}

/** The parts of a token classifier. */
export interface TokenParts {
  readonly encoder: SentenceEncoder;
  readonly labels: readonly string[];
  readonly modelAdapter: ModelAdapter | null;
  readonly head: TokenHead;
  readonly tokenizer: TextTokenizer;
  /** Whether only this classifier uses the encoder. */
  readonly ownsEncoder: boolean;
}

/** Tensors of a last layer, as in files. */
interface LastLayer {
  /** `[classes, hidden]` */
  readonly weight: Tensor;
  /** `[classes]`; null if the model has none. */
  readonly bias: Tensor | null;
}

/** Parts of a new token classifier; see `TokenClassifier.create`. */
export function newTokenParts(encoder: SentenceEncoder, options: TokenClassifierOptions): TokenParts {
  const what = "TokenClassifier.create";
  checkOptions(what, options, ["labels", "lora", "adapter"], { lora: LORA_OPTIONS });
  const { labels: given, lora = {}, adapter = "classifier" } = options;
  checkEncoder(what, encoder);
  const labels = takeLabels(given);
  checkUsable(what, encoder);
  const { graph, model, tokenizer } = encoder;
  return tokenParts(
    { what, encoder, labels, tokenizer },
    () => (lora === null ? null : addNew(what, encoder, adapter, lora)),
    () => ({ out: ClassificationHead.create(graph, model.config.hiddenSize, labels.length), hasBias: true }),
  );
}

/** A new adapter on the modules that transformers' model for tokens has. */
export function addNew(what: string, encoder: SentenceEncoder, name: string, lora: LoraOptions): ModelAdapter {
  const made = encoder.adapterSet.add(name, lora, { what, classifier: true, leaves: isPooler });
  try {
    checkSameTargets(what, made, encoder, encoder.headPlan);
    return made;
  } catch (error) {
    encoder.removeAdapter(name);
    throw error;
  }
}

/** Parts of a saved token classifier; see `TokenClassifier.load`. */
export function loadedTokenParts(encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions): TokenParts {
  const what = "TokenClassifier.load";
  const { adapter, allowOtherBase, rest } = takeLoading(what, encoder, files, options);
  const about = labelsOf(files, "tokens");
  const { labels, adapted } = about;
  const tokenizer = tokenizerFor(encoder, about, allowOtherBase);
  const given = { what, encoder, labels, tokenizer };
  if (adapted) return peftTokenParts(given, adapter, files, rest);
  const { weight, bias } = readHead(files, encoder.model.config.hiddenSize, labels.length, rest);
  return tokenParts(
    given,
    () => null,
    () => ({ out: new ClassificationHead(encoder.graph, weight, bias), hasBias: true }),
  );
}

type Given = Pick<TokenParts, "encoder" | "labels" | "tokenizer"> & { readonly what: string };

/** Parts from PEFT's files. Throws `FormatError` if their head is missing, or its size does not fit labels and encoder. */
export function peftTokenParts(given: Given, name: string, files: FileMap, options: WeightOptions): TokenParts {
  const { what, encoder, labels } = given;
  const { head, files: alone } = withoutHead(readAdapterForBase(files, options), "TOKEN_CLS", encoder.headPlan);
  const expected = [labels.length, encoder.model.config.hiddenSize];
  const [weight, bias = null] = [head.get(`${TOKEN_OUT}.weight`), head.get(`${TOKEN_OUT}.bias`)];
  if (weight === undefined || formatShape(weight.shape) !== formatShape(expected)) {
    const found = weight === undefined ? "is missing" : `is ${formatShape(weight.shape)}`;
    throw new FormatError(
      `${what}: adapter_model.safetensors: ${TOKEN_OUT}.weight ${found}; for ${labels.length} labels and this encoder it is ${formatShape(expected)}`,
      { op: what, tensor: `${TOKEN_OUT}.weight`, expected, found: weight?.shape },
    );
  }
  return tokenParts(
    given,
    () => encoder.adapterSet.load(name, alone, options, { what, classifier: true }),
    lastLayer(encoder, { weight, bias }),
  );
}

/** Creates the last layer from its tensors. */
export const lastLayer =
  ({ graph }: SentenceEncoder, { weight, bias }: LastLayer) =>
  (): Omit<TokenHead, "before"> => ({
    out: new ClassificationHead(graph, transpose(weight), bias ?? zeros([weight.shape[0]!])),
    hasBias: bias !== null,
  });

/** Adds the adapter, if there is one, and the head. If one cannot be made, adds neither. */
export function tokenParts(
  { what, encoder, labels, tokenizer }: Given,
  addAdapter: () => ModelAdapter | null,
  makeHead: () => Omit<TokenHead, "before">,
): TokenParts {
  const before = beforeHead(what, encoder);
  let made: Omit<TokenHead, "before"> | undefined;
  const { modelAdapter } = whole(
    { encoder, labels, tokenizer, merged: null },
    addAdapter,
    () => (made = makeHead()).out,
  );
  return { encoder, labels, tokenizer, modelAdapter, head: { before, ...made! }, ownsEncoder: false };
}

/** Throws `ModelError` for a head with fewer than two classes. */
export function checkClasses(what: string, { weight }: LastLayer): void {
  if ((weight.shape[0] ?? 0) >= 2) return;
  throw new ModelError(
    `${what}: ${TOKEN_OUT}.weight is ${formatShape(weight.shape)}: two classes or more are expected`,
    {
      op: what,
      tensor: `${TOKEN_OUT}.weight`,
      found: weight.shape,
    },
  );
}
