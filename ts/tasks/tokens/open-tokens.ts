import { copiedLora, LORA_OPTIONS } from "../../adapters/lora-options.js";
import { checkOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { copiedSource, type FileMap } from "../../io/file-access.js";
import { architectureOf, type ModelSource, readJson, readRequiredJson } from "../../io/model-source.js";
import { modelSource } from "../../io/model-locator.js";
import { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { TOKEN_OUT } from "../../models/sentence/head-layer.js";
import { labelsFor, namesOf, type PeftClassifier, readPeftClassifier } from "../head/transformers-head.js";
import { LABELS_FILE, labelsOf, takeLabels } from "../head/classifier-files.js";
import {
  CONFIG_FILE,
  ENCODER_OPTIONS,
  namedBase,
  opening,
  peftField,
  readThere,
  sourceOf,
} from "../head/open-classifier.js";
import {
  addNew,
  checkClasses,
  lastLayer,
  loadedTokenParts,
  type OpenTokenClassifierOptions,
  peftTokenParts,
  type TokenParts,
  tokenParts,
} from "./token-parts.js";

const what = "TokenClassifier.open";

const OWN_OPTIONS = ["model", "lora", "labels", "maxTokens", "adapter", "allowOtherBase"] as const;

/** The parts for `TokenClassifier.open`: from a checkpoint, the files of `save`, or PEFT's files. */
export const openedTokenParts = (given: string | FileMap | ModelSource, options: OpenTokenClassifierOptions) =>
  opening(given, () => partsOf(given, options));

async function partsOf(
  given: string | FileMap | ModelSource,
  options: OpenTokenClassifierOptions,
): Promise<TokenParts> {
  checkOptions(what, options, [...OWN_OPTIONS, ...ENCODER_OPTIONS], { lora: LORA_OPTIONS });
  const { labels, maxTokens, adapter = "classifier", allowOtherBase = false, ...others } = options;
  const { model: named, lora: asked, ...loading } = others;
  const [model, lora] = [named === undefined ? named : copiedSource(named), copiedLora(asked)];
  flag(what, "allowOtherBase", allowOtherBase);
  const names = labels === undefined ? undefined : takeLabels(labels);
  const source = await sourceOf(copiedSource(given), loading, what, "a model's folder");
  const files = await readThere(source);
  const [isSaved, isPeft] = [LABELS_FILE, CONFIG_FILE].map((file) => Object.hasOwn(files, file));
  const open = async (base: string | FileMap | ModelSource, head: PeftClassifier["head"] | null) => {
    const wanted = head === null ? null : ({ of: "tokens", tensors: head } as const);
    return SentenceEncoder.load(base, { ...loading, ...(maxTokens !== undefined && { maxTokens }) }, wanted);
  };
  if (!isSaved && !isPeft) {
    if (model !== undefined || names !== undefined)
      throw new ConfigError(`${what}: model and labels are for an adapter's files, and ${clip(source.name)} has none`, {
        op: what,
        option: model === undefined ? "labels" : "model",
      });
    await checkCheckpoint(source);
    const encoder = await open(source, new Map());
    return owned(encoder, async () => {
      const head = encoder.tokenHead!;
      checkClasses(what, head);
      const own = {
        what,
        encoder,
        labels: await classNames(source, head.weight.shape[0]!),
        tokenizer: encoder.tokenizer,
      };
      return tokenParts(
        own,
        () => (lora === undefined ? null : addNew(what, encoder, adapter, lora)),
        lastLayer(encoder, head),
      );
    });
  }
  if (lora !== undefined)
    throw new ConfigError(`${what}: lora is for checkpoints of transformers; these files already have an adapter`, {
      op: what,
      option: "lora",
    });
  if (isSaved && names !== undefined)
    throw new ConfigError(
      `${what}: labels are for PEFT's files, which have none; these files have labels in ${LABELS_FILE}`,
      {
        op: what,
        option: "labels",
      },
    );
  if (isSaved && maxTokens !== undefined)
    throw new ConfigError(
      `${what}: maxTokens is for checkpoints of transformers and PEFT's files; the files of \`save\` record the length in training`,
      { op: what, option: "maxTokens" },
    );
  const about = isSaved ? labelsOf(files, "tokens") : null;
  const { allowNonFinite = false } = loading;
  const base = async () => modelSource(model ?? (await namedBase(source, files, about)));
  const saved = isPeft ? await readPeftClassifier(files, { allowNonFinite }, "TOKEN_CLS", base) : null;
  if (isPeft && saved === null)
    throw new UnsupportedError(
      `${what}: ${clip(source.name)}: adapter_config.json: an adapter with a head for tokens (task_type TOKEN_CLS) is expected${otherTask(files)}`,
      { op: what, model: source.name },
    );
  const from = saved?.base ?? (await base());
  const encoder = await open(from, saved?.head ?? (await ownHead(from)));
  return owned(encoder, async () => {
    if (about !== null) return loadedTokenParts(encoder, files, { adapter, allowNonFinite, allowOtherBase });
    const classes = saved!.head.get(`${TOKEN_OUT}.weight`)?.shape[0] ?? 0;
    const own = { what, encoder, labels: names ?? (await peftNames(from, classes)), tokenizer: encoder.tokenizer };
    return peftTokenParts(own, adapter, files, { allowNonFinite });
  });
}

/** Advice for an adapter of another task. */
function otherTask(files: FileMap): string {
  const task = peftField(files[CONFIG_FILE], "task_type");
  return task === "SEQ_CLS" ? "; this one is a text classifier's (SEQ_CLS): open it with TextClassifier.open" : "";
}

/** Calls `make` with an encoder, and disposes of the encoder if it throws. */
async function owned(encoder: SentenceEncoder, make: () => Promise<TokenParts>): Promise<TokenParts> {
  try {
    return { ...(await make()), ownsEncoder: true };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

const KIND = "ForTokenClassification";

const isForTokens = (name: unknown) => typeof name === "string" && name.endsWith(KIND);

/** The layers before the last one of a head that was saved without an adapter, from a checkpoint; otherwise none. */
const ownHead = async (base: ModelSource): Promise<PeftClassifier["head"] | null> =>
  isForTokens(architectureOf(await readJson(base, "config.json"))) ? new Map() : null;

/** Throws `UnsupportedError` unless this is a checkpoint for token classification. */
async function checkCheckpoint(source: ModelSource): Promise<void> {
  const name = architectureOf(await readRequiredJson(source, "config.json"));
  if (isForTokens(name)) return;
  throw new UnsupportedError(
    `${what}: model ${clip(source.name)}: config.json: architectures ${excerpt(name)}; a checkpoint for token classification is expected (to classify texts use TextClassifier.open, to train a new head TokenClassifier.create)`,
    { op: what, model: source.name, value: name },
  );
}

/** Names of a checkpoint's classes. Throws `ModelError` if their number differs from the head's. */
async function classNames(source: ModelSource, classes: number): Promise<string[]> {
  const json = await readRequiredJson(source, "config.json");
  return takeLabels(labelsFor({ source, labels: namesOf(source, json["id2label"] ?? null) }, classes));
}

/** The base's names of classes, if it has as many as an adapter's head. */
async function peftNames(source: ModelSource, classes: number): Promise<string[]> {
  const json = await readJson(source, "config.json");
  const named = isForTokens(architectureOf(json)) ? namesOf(source, json?.["id2label"] ?? null) : null;
  return takeLabels(labelsFor({ source, labels: named?.length === classes ? named : null }, classes));
}
