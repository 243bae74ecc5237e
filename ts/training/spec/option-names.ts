import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";

/** Names of settings in messages, for callers whose users know them by other names, such as a command's options. */
export interface OptionNames {
  /** The name of a field of the spec. */
  setting(name: string): string;
  /** The call or option that resumes a run; begins a message. */
  readonly resume: string;
}

/** The names in the spec. */
export const settingNames: OptionNames = { setting: (name) => name, resume: "runJob" };

/** Replaces the option's name in an error about `maxTokens` by the caller's own; returns other errors unchanged. */
export function withOptionName(error: unknown, { setting }: OptionNames): unknown {
  if (!(error instanceof ConfigError) || error.details["option"] !== "maxTokens") return error;
  const message = error.message.replace(/^load: maxTokens/, setting("maxTokens"));
  return new ConfigError(message, error.details, { cause: error });
}

/** Options of an adapter that a message may begin with. */
const adapterSettings = [
  "targetModules",
  "excludeModules",
  "bias",
  "initLoraWeights",
  "modulesToSave",
  "layersToTransform",
];

/**
 * An error about an adapter's options, with the names that the user knows: `TextClassifier.create: targetModules ["foo"] matches …` becomes
 * `--target-modules foo matches …` on the command line. Other errors, and those of a program, stay as they are.
 */
export function settingError(error: unknown, { setting }: OptionNames): unknown {
  if (!(error instanceof ConfigError)) return error;
  const { message, details } = error;
  const [start = "", option = ""] = /^[\w.]+: (\w+)/.exec(message) ?? [];
  if (!adapterSettings.includes(option) || setting(option) === option) return error;
  const rest = message.slice(start.length);
  const { value } = details;
  const asCode = ` ${excerpt(value)}`;
  const asOption = rest.startsWith(asCode) ? ` ${clip([value].flat().join(","))}${rest.slice(asCode.length)}` : rest;
  return new ConfigError(`${setting(option)}${asOption}`, { ...details }, { cause: error });
}
