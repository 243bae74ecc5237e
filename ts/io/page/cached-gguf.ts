import { isGgufName } from "../gguf-name.js";

/** Name by which a model's source is asked for its one GGUF file, whatever that is called. */
const ASKED = "model.gguf";

/** The GGUF file that is the whole model, among its files' names; null for a model in Hugging Face's layout. */
const ggufAmong = (names: readonly string[]): string | null =>
  names.includes("config.json") ? null : (names.find(isGgufName) ?? null);

/** A kept file as a source is asked for it. */
export function cachedFile<T extends { readonly name: string }>(files: readonly T[], asked: string): T | null {
  const name = asked === ASKED ? (ggufAmong(files.map((file) => file.name)) ?? asked) : asked;
  return files.find((file) => file.name === name) ?? null;
}

/** What opens the whole model, where it is one GGUF file, as `ModelSource.gguf` has it; else nothing. */
export function ggufOf<Source>(
  files: readonly { readonly name: string }[],
  open: (file: string) => Promise<Source | null>,
): { gguf?: () => Promise<Source> } {
  const name = ggufAmong(files.map((file) => file.name));
  // It is among those that are kept.
  return name === null ? {} : { gguf: async () => (await open(name))! };
}
