import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { isJsonObject, type Json } from "../../io/json.js";
import { folderOf, type ModelSource, readJson, readJsonList } from "../../io/model-source.js";
import { Pooling, type PoolingMode, poolingModes } from "./pooling.js";
import { checkPlace, type DenseConfig, readDense } from "./dense.js";
import { Prompts } from "./encoder-options.js";

type JsonObject = { readonly [key: string]: Json };

/** What sentence-transformers' files say about a model, beside its network. */
export interface SentenceLayout {
  readonly pooling: Pooling;
  /** Whether vectors are scaled to length 1. */
  readonly normalize: boolean;
  /** Whether there is a modules.json; without one, pooling and normalisation are assumed. */
  readonly hasModules: boolean;
  /** Length in tokens to which texts are truncated; null if sentence_bert_config.json does not say. */
  readonly maxTokens: number | null;
  /** The tokenizer's own maximum length, used in that case; null if it has none. Throws `ModelError` for an invalid one. */
  readonly tokenizerLength: () => number | null;
  /** Whether texts are lowercased before tokenization. */
  readonly lowercase: boolean;
  /** tokenizer_config.json, also for the tokenizer: each file is read once. */
  readonly tokenizerConfig: JsonObject;
  readonly prompts: Prompts;
  /** Length to which vectors are cut after all modules; null for their whole length. */
  readonly truncateDim: number | null;
  /** How sentence-transformers compares two vectors. */
  readonly similarity: Similarity;
}

/** How two vectors are compared, by sentence-transformers' names: their cosine, dot product, or the negative of a distance. */
type Similarity = (typeof similarities)[number];

const similarities = ["cosine", "dot", "euclidean", "manhattan"] as const;

type Failure = (problem: string) => ModelError;

const failure =
  (source: ModelSource, file: string): Failure =>
  (problem) =>
    new ModelError(`model ${folderOf(source, file)}: ${file}: ${problem}`, { model: source.name, file });

/**
 * Reads modules.json, the config.json of its pooling and dense modules, sentence_bert_config.json, config_sentence_transformers.json, and,
 * for the maximum length, tokenizer_config.json; all are optional. Default: the mean, not normalised. Throws `ModelError` for invalid
 * values and for modules in another order, `UnsupportedError` for unknown modules.
 * @param needsPooling whether modules.json, if there is one, must have a Pooling; that of a cross-encoder has none
 */
export async function readSentenceLayout(source: ModelSource, needsPooling = false): Promise<SentenceLayout> {
  const modules = await readModules(source, needsPooling);
  const file = `${modules.pooling ?? "1_Pooling"}/config.json`;
  const pooling = await readJson(source, file);
  const dense: DenseConfig[] = [];
  for (const folder of modules.dense) dense.push(await readDense(source, folder));
  const modes = pooling === null ? (["mean"] as const) : readPooling(pooling, failure(source, file));
  const tokenizerConfig = (await readJson(source, TOKENIZER_CONFIG)) ?? {};
  const { maxTokens, lowercase } = await readTokens(source);
  const { prompts, ...settings } = await readSettings(source);
  return {
    pooling: new Pooling(modes, dense),
    normalize: modules.normalize,
    hasModules: modules.found,
    maxTokens,
    tokenizerLength: () => readTokenizerLength(source, tokenizerConfig),
    lowercase,
    tokenizerConfig,
    prompts: pooling?.["include_prompt"] === false ? prompts.pooledWithout() : prompts,
    ...settings,
  };
}

const TOKENIZER_CONFIG = "tokenizer_config.json";

/** Dense modules that are accepted; models have one. */
const MOST_DENSE = 8;

/** A folder inside the model's folder; paths that lead out of it are refused. */
const isFolderName = (path: unknown): path is string =>
  typeof path === "string" && path.length <= 100 && /^[\w-][\w.-]*$/.test(path);

/** What modules.json lists after the Transformer. */
interface SentenceModules {
  /** Folder of the pooling; null if modules.json has none, or is missing. */
  readonly pooling: string | null;
  /** Folders of dense modules, in order. */
  readonly dense: readonly string[];
  readonly normalize: boolean;
  /** Whether there is a modules.json. */
  readonly found: boolean;
}

/** Modules by the last word of their types, in the order in which they are supported. */
const ORDER = ["Transformer", "Pooling", "Dense", "Normalize"];

/** A module in a folder of its own that changes results. */
interface ModuleFolder {
  /** "LogitScore" is a language model's, which scores pairs. */
  readonly kind: "Pooling" | "Dense" | "LogitScore";
  readonly folder: string;
}

const FOLDERS: readonly string[] = ["Pooling", "Dense", "LogitScore"] satisfies ModuleFolder["kind"][];

/** The modules that modules.json lists with a folder, in order; empty without that file. Invalid entries are left to `readSentenceLayout`. */
export async function moduleFolders(source: ModelSource): Promise<readonly ModuleFolder[]> {
  const found: ModuleFolder[] = [];
  for (const module of (await readJsonList(source, "modules.json")) ?? []) {
    const { type, path } = isJsonObject(module) ? module : {};
    const kind = nameOfModule(type);
    if (FOLDERS.includes(kind) && isFolderName(path) && found.length <= MOST_DENSE)
      found.push({ kind: kind as ModuleFolder["kind"], folder: path });
  }
  return found;
}

/** The last word of a module's type: "Pooling" for "sentence_transformers.models.Pooling". */
const nameOfModule = (type: unknown) => (typeof type === "string" ? type.slice(type.lastIndexOf(".") + 1) : "");

async function readModules(source: ModelSource, needsPooling: boolean): Promise<SentenceModules> {
  const modules = await readJsonList(source, "modules.json");
  const dense: string[] = [];
  const found = { pooling: null as string | null, dense, normalize: false, found: modules !== null };
  if (modules === null) return found;
  const fail = failure(source, "modules.json");
  let last = -1;
  for (const [i, module] of modules.entries()) {
    const { type, path } = isJsonObject(module) ? module : {};
    if (typeof type !== "string") throw fail(`module ${i} has no type, got ${excerpt(module)}`);
    const name = nameOfModule(type);
    // A language model's, which its cross-encoder reads itself.
    if (name === "LogitScore" && !needsPooling) continue;
    const place = ORDER.indexOf(name);
    if (place < 0)
      throw new UnsupportedError(
        `model ${folderOf(source, "modules.json")}: modules.json: module ${i} is ${excerpt(name)}; Transformer, Pooling, Dense and Normalize are supported`,
        { type },
      );
    // One Transformer and one Pooling, then any number of others, each after those that it needs.
    if (place < last || place > Math.max(last + 1, last < 1 ? 0 : 3) || (place === last && place < 2))
      throw fail(`module ${i} is a ${name}; the order is one Transformer, one Pooling, Dense layers, Normalize`);
    last = place;
    if (name === "Pooling" || name === "Dense") {
      if (!isFolderName(path)) throw fail(`module ${i}: path must name a folder of the model, got ${excerpt(path)}`);
      if (name === "Pooling") found.pooling = path;
      else if (dense.push(path) > MOST_DENSE) throw fail(`more than ${MOST_DENSE} Dense layers`);
    } else if (name === "Normalize") {
      if (isFolderName(path)) checkPlace(await readJson(source, `${path}/config.json`), source, `${path}/config.json`);
      found.normalize = true;
    } else if (path !== undefined && path !== "")
      throw new UnsupportedError(
        `model ${folderOf(source, "modules.json")}: modules.json: the Transformer lies in ${excerpt(path)}; it is supported beside modules.json`,
        { path },
      );
  }
  if (needsPooling && found.pooling === null)
    throw fail("no module is a Pooling: open it as a CrossEncoder, or set `pooling`");
  return found;
}

/** Switches of a pooling's config.json. */
const switches = new Map<string, PoolingMode>([
  ["pooling_mode_cls_token", "cls"],
  ["pooling_mode_max_tokens", "max"],
  ["pooling_mode_mean_tokens", "mean"],
  ["pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"],
  ["pooling_mode_weightedmean_tokens", "weightedmean"],
  ["pooling_mode_lasttoken", "lasttoken"],
]);

/**
 * Several switches may be on. Since sentence-transformers 5, `pooling_mode` names one or several modes in order, and switches are then
 * ignored. Default: the mean.
 */
function readPooling(json: { readonly [key: string]: Json }, fail: Failure): readonly PoolingMode[] {
  const given = json["pooling_mode"] ?? null;
  const named = (Array.isArray(given) ? given : given === null ? [] : [given]).map((mode: Json) => {
    if (poolingModes.includes(mode as PoolingMode)) return mode as PoolingMode;
    throw unknownMode("pooling_mode", mode);
  });
  if (new Set(named).size < named.length) throw fail(`pooling_mode names a way twice: ${excerpt(given)}`);
  const on = new Set<PoolingMode>();
  let said = given !== null;
  for (const [key, value] of Object.entries(json)) {
    if (!key.startsWith("pooling_mode_")) continue;
    said = true;
    if (typeof value !== "boolean") throw fail(`${clip(key)} must be true or false, got ${excerpt(value)}`);
    const mode = switches.get(key);
    if (value && mode === undefined) throw unknownMode(key, value);
    if (value && mode !== undefined) on.add(mode);
  }
  const modes = named.length > 0 ? named : said ? poolingModes.filter((mode) => on.has(mode)) : (["mean"] as const);
  if (modes.length > 0) return modes;
  throw fail(`no way of pooling is switched on; one of ${[...switches.keys()].join(", ")} must be true`);

  function unknownMode(key: string, value: Json) {
    return new UnsupportedError(
      `${fail(`${clip(key)} ${excerpt(value)}`).message} is not supported; ${poolingModes.join(", ")} are`,
      { key, value },
    );
  }
}

async function readTokens(source: ModelSource): Promise<{ maxTokens: number | null; lowercase: boolean }> {
  const file = "sentence_bert_config.json";
  const json = (await readJson(source, file)) ?? {};
  const fail = failure(source, file);
  const { max_seq_length: most = null, do_lower_case: lowercase = null } = json;
  if (most !== null && !(Number.isSafeInteger(most) && (most as number) >= 2))
    throw fail(`max_seq_length must be a whole number from 2, or null, got ${excerpt(most)}`);
  if (lowercase !== null && typeof lowercase !== "boolean")
    throw fail(`do_lower_case must be true or false, got ${excerpt(lowercase)}`);
  return { maxTokens: most as number | null, lowercase: lowercase ?? false };
}

/** Default maximum number of tokens. */
export const longestText = ({ maxTokens, tokenizerLength }: SentenceLayout, maxPositions: number): number =>
  Math.min(maxTokens ?? tokenizerLength() ?? maxPositions, maxPositions);

/**
 * `model_max_length` of tokenizer_config.json, which sentence-transformers uses as a fallback; null if missing. transformers writes 1e30
 * for "no limit".
 */
function readTokenizerLength(source: ModelSource, { model_max_length: most = null }: JsonObject): number | null {
  if (most === null) return null;
  if (typeof most === "number" && most >= 2) return most <= 2 ** 31 ? Math.floor(most) : null;
  throw failure(source, TOKENIZER_CONFIG)(`model_max_length must be a number from 2, or null, got ${excerpt(most)}`);
}

async function readSettings(source: ModelSource) {
  const file = "config_sentence_transformers.json";
  const json = (await readJson(source, file)) ?? {};
  const fail = failure(source, file);
  const { truncate_dim: truncateDim = null, similarity_fn_name: given = null } = json;
  if (truncateDim !== null && !(Number.isSafeInteger(truncateDim) && (truncateDim as number) > 0))
    throw fail(`truncate_dim must be a whole number from 1, or null, got ${excerpt(truncateDim)}`);
  const similarity = similarities.find((name) => name === (given ?? "cosine"));
  if (similarity === undefined)
    throw fail(`similarity_fn_name must be one of ${similarities.join(", ")}, got ${excerpt(given)}`);
  return { prompts: Prompts.read(json, fail), truncateDim: truncateDim as number | null, similarity };
}
