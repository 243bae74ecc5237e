import { ConfigError } from "../../errors/errors.js";

/** Help of the options that name what a command about an adapter and its base works on. */
export const BASE_HELP =
  "the base model: its folder, its .safetensors files or their index, or its name (default: the one that the adapter names)";
export const ADAPTER_HELP = "folder of the adapter, where it is not named first";

/** The adapter's folder, which may stand by itself or behind --adapter. Throws `ConfigError` where two are named. */
export function adapterOf(given: string | undefined, options: { readonly adapter?: string }): string | undefined {
  if (given === undefined || options.adapter === undefined || given === options.adapter)
    return options.adapter ?? given;
  throw new ConfigError(`${given} and --adapter ${options.adapter}: name one adapter`, {
    option: "--adapter",
    value: options.adapter,
  });
}

/** What --base names, or --model, which says the same in other commands. Throws `ConfigError` where both do. */
export function baseOf(options: {
  readonly base?: readonly string[];
  readonly model?: string;
}): readonly string[] | undefined {
  const { base, model } = options;
  if (base === undefined || model === undefined) return base ?? (model === undefined ? undefined : [model]);
  throw new ConfigError(`--base ${base.join(" ")} and --model ${model}: both name the base; give one`, {
    option: "--base",
    value: base,
  });
}
