import { ConfigError } from "../../errors/errors.js";

/** Help of the options for adapter and base. */
export const BASE_HELP =
  "the base model: its folder, its .safetensors files or their index, or its name (default: the adapter's)";
export const ADAPTER_HELP = "folder of the adapter, instead of the argument";

/** The adapter's folder: an argument or --adapter. Throws `ConfigError` if two are named. */
export function adapterOf(given: string | undefined, options: { readonly adapter?: string }): string | undefined {
  if (given === undefined || options.adapter === undefined || given === options.adapter)
    return options.adapter ?? given;
  throw new ConfigError(`${given} and --adapter ${options.adapter}: name one adapter`, {
    option: "--adapter",
    value: options.adapter,
  });
}

/** The base of --base or --model, which other commands use. Throws `ConfigError` for both. */
export function baseOf(options: {
  readonly base?: readonly string[];
  readonly model?: string;
}): readonly string[] | undefined {
  const { base, model } = options;
  if (base === undefined || model === undefined) return base ?? (model === undefined ? undefined : [model]);
  throw new ConfigError(`--base ${base.join(" ")} and --model ${model}: both name the base; use one of them`, {
    option: "--base",
    value: base,
  });
}
