import { checkOptions } from "../arguments/options.js";
import { aboveZero, callable, flag, whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import type { Operation } from "./asked.js";

/** How much a server takes upon itself. */
export interface ServeOptions {
  /** Bytes of linear memory that adapters and heads may take; those asked for longest ago make room. Default 64 MiB. */
  readonly cacheBytes?: number;
  /** Bytes of a request's body; default 256 KiB. */
  readonly maxBodyBytes?: number;
  /** Texts in a request; default 64. */
  readonly maxTexts?: number;
  /** Characters in a text, in UTF-16 units; default 10,000. */
  readonly maxCharacters?: number;
  /** Requests at once, from their first byte to their answer; default 256. */
  readonly maxRequests?: number;
  /** Texts that wait for the encoder at once; default 1,024. */
  readonly maxWaiting?: number;
  /** Milliseconds from a request's headers to its answer; default 30,000. */
  readonly timeout?: number;
  /** Take classifiers that were trained on other weights than the encoder's, as after rounding them; default false. */
  readonly allowOtherBase?: boolean;
  /** Whether a request may use a tenant's adapter; default: all may. Its headers can be read, its body is read already. */
  readonly authorize?: (request: Request, asked: AuthorizedFor) => boolean | Promise<boolean>;
  /** Hears what the server answers by a status of 500 or above, apart from being busy. */
  readonly onError?: (error: unknown) => void;
}

/** What `authorize` decides about. */
export interface AuthorizedFor {
  /** What is asked of the server. */
  readonly operation: Operation;
  /** Whose adapter; null for the base alone. */
  readonly tenant: string | null;
  /** Which of the tenant's adapters; null for its current one. */
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
      ...{ op: WHAT, option: "maxWaiting", value: maxWaiting },
    });
  aboveZero(WHAT, "timeout", settings.timeout);
  flag(WHAT, "allowOtherBase", settings.allowOtherBase);
  callable(WHAT, "authorize", settings.authorize);
  callable(WHAT, "onError", settings.onError);
  return settings;
}
