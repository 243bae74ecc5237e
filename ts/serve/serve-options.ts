import { checkOptions } from "../arguments/options.js";
import { aboveZero, callable, flag, whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import type { Operation } from "./request-fields.js";

/** Limits and hooks of a server. */
export interface ServeOptions {
  /** Maximum bytes of linear memory for adapters and heads; those unused for the longest time are evicted. Default 64 MiB. */
  readonly cacheBytes?: number;
  /** Maximum bytes of a request's body; default 256 KiB. */
  readonly maxBodyBytes?: number;
  /** Maximum number of texts in a request; default 64. */
  readonly maxTexts?: number;
  /** Maximum number of characters of a text, in UTF-16 units; default 10,000. */
  readonly maxCharacters?: number;
  /** Maximum number of concurrent requests, from their first byte to their answer; default 256. */
  readonly maxRequests?: number;
  /** Maximum number of texts that wait for the encoder; default 1,024. */
  readonly maxWaiting?: number;
  /** Milliseconds from a request's headers to its answer; default 30,000. */
  readonly timeout?: number;
  /** Accept classifiers that were trained on other weights than the encoder's, for example before rounding; default false. */
  readonly allowOtherBase?: boolean;
  /** Decides whether a request may use a tenant's adapter; default: always. It can read the headers; the body has been read. */
  readonly authorize?: (request: Request, asked: AuthorizedFor) => boolean | Promise<boolean>;
  /** Called with errors that are answered with a status of 500 or above, except overload. */
  readonly onError?: (error: unknown) => void;
}

/** The argument of `authorize`. */
export interface AuthorizedFor {
  /** What the request asks for. */
  readonly operation: Operation;
  /** The tenant whose adapter to use; null for the base alone. */
  readonly tenant: string | null;
  /** The version of its adapter; null for the current one. */
  readonly version: string | null;
}

/** Options with their defaults. */
export type ServeSettings = Required<ServeOptions>;

const WHAT = "AdapterServer";

/** Checks options. Throws `ConfigError`. */
export function takeServeOptions(options: ServeOptions): ServeSettings {
  const defaults: ServeSettings = {
    cacheBytes: 64 * 2 ** 20,
    maxBodyBytes: 256 * 2 ** 10,
    maxTexts: 64,
    maxCharacters: 10_000,
    maxRequests: 256,
    maxWaiting: 1_024,
    timeout: 30_000,
    allowOtherBase: false,
    authorize: () => true,
    onError: () => undefined,
  };
  checkOptions(WHAT, options, Object.keys(defaults));
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: ServeSettings = { ...defaults, ...Object.fromEntries(given) };
  const sizes = ["cacheBytes", "maxBodyBytes", "maxTexts", "maxCharacters", "maxRequests", "maxWaiting"] as const;
  for (const name of sizes) whole(WHAT, name, settings[name], 1);
  const { maxTexts, maxWaiting } = settings;
  if (maxTexts > maxWaiting)
    throw new ConfigError(`${WHAT}: maxWaiting is at least maxTexts (${maxTexts}), got ${maxWaiting}`, {
      op: WHAT,
      option: "maxWaiting",
      value: maxWaiting,
    });
  aboveZero(WHAT, "timeout", settings.timeout);
  flag(WHAT, "allowOtherBase", settings.allowOtherBase);
  callable(WHAT, "authorize", settings.authorize);
  callable(WHAT, "onError", settings.onError);
  return settings;
}
