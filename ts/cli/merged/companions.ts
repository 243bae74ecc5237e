import { existsSync, readdirSync, statSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { throwIfAborted } from "../../waiting/abort.js";
import { isFolder } from "../../io/node/read-files.js";

/** What a model has beside its weights, by the ends of names: configurations, tokenizers, templates, code of its own. */
const kept = /\.(json|txt|model|jinja|py|tiktoken|bpe\.model)$/;
/** What is of weights, or of an adapter or a run that lies in the folder as well. */
const left =
  /\.index\.json$|^(adapter_config|labels|report|run|folds(\.partial)?)\.json$|^(README|requirements|LICENSE)\b/i;
/** sentence-transformers' parts, each in a folder; their weights are small. */
const parts = /^\d+_\w+$/;
const partFiles = ["config.json", "model.safetensors"];
/** No configuration or vocabulary is longer, and what is may be data. */
const LONGEST = 100_000_000;

/** Files of a model that merging does not change, relative to its folder. */
function companionsOf(directory: string): string[] {
  const names = readdirSync(directory).sort();
  const files = names.filter((name) => kept.test(name) && !left.test(name));
  const inside = names
    .filter((name) => parts.test(name) && isFolder(join(directory, name)))
    .flatMap((name) => partFiles.map((file) => join(name, file)));
  return [...files, ...inside].filter((name) => {
    const found = statSync(join(directory, name), { throwIfNoEntry: false });
    return found?.isFile() === true && found.size <= LONGEST;
  });
}

/** Copies them, those that are there already excepted. */
export async function copyCompanions(from: string, to: string, signal: AbortSignal): Promise<void> {
  for (const name of companionsOf(from)) {
    throwIfAborted(signal);
    if (existsSync(join(to, name))) continue;
    await mkdir(dirname(join(to, name)), { recursive: true });
    await copyFile(join(from, name), join(to, name));
  }
}
