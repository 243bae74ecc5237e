import { aboveZero, callable, flag, listFrom, text, unexpected, whole } from "../../arguments/settings.js";
import { optional, or, type Readers, readOptions } from "../../arguments/options.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import { type RunStore, takeStore } from "../../training/store/run-store.js";
import { type BatchOptions, batchReaders } from "../batch-limits.js";
import type { RequestLogEntry } from "./request-log.js";

/** Limits and hooks of a server of models. */
export interface LanguageServerOptions extends BatchOptions {
  /**
   * Name in requests and answers of a model that is served alone; default: its own, of a path the last part. Several models have the names
   * that they are given by.
   */
  readonly name?: string | undefined;
  /** Names of the models' adapters that requests may use; default: all, also those that are added later. */
  readonly adapters?: readonly string[] | undefined;
  /**
   * Keys, of which each request must have one in `Authorization: Bearer KEY`: of visible ASCII characters without spaces, as headers carry
   * them. Default: none is needed.
   */
  readonly apiKey?: string | readonly string[] | undefined;
  /** Origins of pages that may read answers, such as "https://example.org", or "*" for all; default: none. */
  readonly cors?: string | readonly string[] | undefined;
  /**
   * Names of this server in the Host header of requests, beside IP addresses and "localhost", without a port; requests with other names are
   * refused with status 403. A server without a key that only this machine reaches needs it, `[]` for none: otherwise pages whose name leads
   * to this machine ("DNS rebinding") may ask. Default: every name.
   */
  readonly allowedHosts?: string | readonly string[] | undefined;
  /** Maximum bytes of a request's body; default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Maximum number of new tokens of an answer; default: as many as the model's positions allow. A chat or response that names no number gets
   * at most 1,024 of them, a completion 16.
   */
  readonly maxTokens?: number | undefined;
  /** Maximum number of answers that wait for a place; further requests are refused with status 503. Default 64. */
  readonly maxWaiting?: number | undefined;
  /** Maximum number of texts or documents of a request for vectors, scores or classes, and of messages of a conversation; default 2,048. */
  readonly maxTexts?: number | undefined;
  /** Maximum number of texts that wait for a model that computes those; at least `maxTexts`. Default 8,192. */
  readonly maxWaitingTexts?: number | undefined;
  /**
   * Maximum number of characters, in UTF-16 units, of a text or document for vectors, scores or classes, and of a prompt: its text, or all texts of
   * its messages and tools. Default 500,000.
   */
  readonly maxCharacters?: number | undefined;
  /** Milliseconds from a request's headers to the last token of its answer; default 300,000. */
  readonly timeout?: number | undefined;
  /**
   * Where prompts that several requests begin with are kept when the server ends, such as `folderStore(path)` or `opfsStore(name)` of
   * `lowrank/jobs`, for this server alone. It then has tokens of those prompts. An error of it goes to `onError`; answers go on without it.
   * Default: none.
   */
  readonly prefixCacheStore?: RunStore | undefined;
  /** Maximum bytes in that store; the least recently used go first. Default 1 GiB. */
  readonly prefixCacheStoreBytes?: number | undefined;
  /**
   * Finds the files of an adapter that `POST /v1/adapters` names, as of `loadAdapter`; null for an unknown name. Names are of lower-case letters,
   * digits, `-`, `_` and single dots in between. It needs an `apiKey`; default: requests load and remove no adapters.
   */
  readonly loadAdapter?: ((name: string) => AdapterFiles | Promise<AdapterFiles>) | undefined;
  /** Called with errors that are answered with a status of 500 or above, except overload. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Called with each request when its answer has ended: without texts, unless `logTexts` is set. Default: no log. */
  readonly log?: ((entry: RequestLogEntry) => void) | undefined;
  /** Whether `log` also gets the bodies of requests and the texts that are generated; default false. */
  readonly logTexts?: boolean | undefined;
}

/** An adapter's files by name, or the path of their folder; null for none. */
type AdapterFiles = FileMap | string | null;

/** The options, checked. */
export interface LanguageServerSettings {
  readonly name: string | undefined;
  readonly adapters: readonly string[] | undefined;
  readonly apiKey: readonly string[];
  readonly cors: readonly string[];
  /** Names of hosts in lower case. */
  readonly allowedHosts: readonly string[] | undefined;
  readonly maxBodyBytes: number;
  readonly maxTokens: number;
  readonly maxRunning: number;
  readonly maxWaiting: number;
  readonly maxTexts: number;
  readonly maxWaitingTexts: number;
  readonly maxCharacters: number;
  readonly timeout: number;
  readonly prefixCacheBytes: number;
  readonly prefixCacheStore: RunStore | undefined;
  readonly prefixCacheStoreBytes: number;
  readonly loadAdapter: LanguageServerOptions["loadAdapter"];
  readonly onError: (error: unknown) => void;
  readonly log: LanguageServerOptions["log"];
  readonly logTexts: boolean;
}

const filled = (what: string, name: string, value: unknown): string => {
  if (text(what, name, value) !== "") return value as string;
  throw unexpected(what, name, "a text that is not empty", value);
};

const texts = (what: string, name: string, value: unknown): readonly string[] =>
  listFrom(`${what}: ${name} is a list of texts`, value as readonly unknown[], (item) => filled(what, name, item));

const oneOrSeveral = (what: string, name: string, value: unknown): readonly string[] =>
  typeof value === "string" ? [filled(what, name, value)] : texts(what, name, value);

/** An origin as a browser sends it: without a path, with a port that is not the scheme's; "null" of a page that is a file. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#\s]+$/;

const origins = (what: string, name: string, value: unknown): readonly string[] =>
  oneOrSeveral(what, name, value).map((origin) => {
    if (origin === "*" || origin === "null" || ORIGIN.test(origin)) return origin;
    throw unexpected(what, name, 'an origin such as "https://example.org", without a path, or "*"', origin);
  });

const hosts = (what: string, name: string, value: unknown): readonly string[] =>
  oneOrSeveral(what, name, value).map((host) => {
    if (/^[\w-]+(\.[\w-]+)*$/.test(host)) return host.toLowerCase();
    throw unexpected(what, name, 'a name such as "models.example.org", without a scheme and a port', host);
  });

const keys = (what: string, name: string, value: unknown): readonly string[] => {
  const given = oneOrSeveral(what, name, value);
  if (given.every((key) => /^[\x21-\x7e]+$/.test(key))) return given;
  // The message goes to logs: it says nothing of the key.
  throw new ConfigError(`${what}: ${name} is of visible ASCII characters without spaces, as headers carry them`, {
    op: what,
    option: name,
    expected: "visible ASCII characters without spaces",
  });
};

const readers: Readers<LanguageServerSettings> = {
  name: optional(filled),
  adapters: optional(texts),
  apiKey: or([], keys),
  cors: or([], origins),
  allowedHosts: optional(hosts),
  maxBodyBytes: or(2 ** 20, whole, 1),
  maxTokens: or(Number.MAX_SAFE_INTEGER, whole, 1),
  ...batchReaders,
  maxWaiting: or(64, whole),
  maxTexts: or(2_048, whole, 1),
  maxWaitingTexts: or(8_192, whole, 1),
  maxCharacters: or(500_000, whole, 1),
  timeout: or(300_000, aboveZero),
  prefixCacheStore: optional((what, name, value: RunStore) => takeStore(what, value, undefined, name)),
  prefixCacheStoreBytes: or(2 ** 30, whole),
  loadAdapter: optional(callable<NonNullable<LanguageServerOptions["loadAdapter"]>>),
  onError: (what, name, value) =>
    value === undefined ? () => undefined : callable(what, name, value as (error: unknown) => void),
  log: optional(callable<NonNullable<LanguageServerOptions["log"]>>),
  logTexts: or(false, flag),
};

/** Checks options. Throws `ConfigError`. */
export function takeLanguageServerOptions(what: string, options: LanguageServerOptions): LanguageServerSettings {
  const settings = readOptions(what, options, readers);
  const { maxTexts, maxWaitingTexts } = settings;
  if (maxWaitingTexts < maxTexts)
    throw unexpected(what, "maxWaitingTexts", `at least maxTexts, ${maxTexts}`, maxWaitingTexts);
  if (settings.loadAdapter === undefined || settings.apiKey.length > 0) return settings;
  throw new ConfigError(`${what}: loadAdapter lets requests change what is served: give an apiKey too`, {
    op: what,
    option: "apiKey",
    expected: "a key, beside loadAdapter",
  });
}
