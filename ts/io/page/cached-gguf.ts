import { isGgufName } from "../gguf/index.js";

/** Name of a source's only GGUF file, whatever its real name. */
const ASKED = "model.gguf";

/** The GGUF file that is the whole model, among its files' names; null for a model in Hugging Face's layout. */
const ggufAmong = (names: readonly string[]): string | null =>
  names.includes("config.json") ? null : (names.find(isGgufName) ?? null);

/** A cached file by its name in a source. */
export function cachedFile<T extends { readonly name: string }>(files: readonly T[], asked: string): T | null {
  const name = asked === ASKED ? (ggufAmong(files.map((file) => file.name)) ?? asked) : asked;
  return files.find((file) => file.name === name) ?? null;
}

/** `ModelSource.gguf` of a model in one GGUF file; otherwise empty. */
export function ggufOf<Source>(
  files: readonly { readonly name: string }[],
  open: (file: string) => Promise<Source | null>,
): { gguf?: () => Promise<Source> } {
  const name = ggufAmong(files.map((file) => file.name));
  // It is among those that are kept.
  return name === null ? {} : { gguf: async () => (await open(name))! };
}
