import { readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { isFolder } from "../../io/node/folders.js";
import { runFiles } from "../../training/store/run-store.js";

/** A file of a saved model or adapter. */
interface ModelFile {
  /** Name in the folder, with "/". */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** The files of a folder that make up a model, and the names of the others. */
export interface ModelFiles {
  readonly files: readonly ModelFile[];
  readonly others: readonly string[];
}

/**
 * Names of files that a model, an adapter or a classifier is opened from. A run's other files are its owner's: report.json and folds.json
 * have texts of the test and paths, checkpoints are of no use without the data.
 */
const NAMES = [
  /^README\.md$/,
  /^LICENSE(\.(md|txt))?$/,
  /^(config|generation_config|modules|sentence_bert_config|config_sentence_transformers|labels|adapter_config)\.json$/,
  /^(tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$/,
  /^(vocab|merges)\.txt$/,
  /^(tokenizer|spiece|sentencepiece\.bpe)\.model$/,
  /^chat_template\.jinja$/,
  /^(model|adapter_model|head)\.safetensors$/,
  /^model-\d{5}-of-\d{5}\.safetensors$/,
  /^model\.safetensors\.index\.json$/,
  /^[\w.-]+\.(gguf|onnx)$/,
  /^\d_(Pooling|Dense|Normalize|LogitScore)\/(config\.json|model\.safetensors)$/,
];

/**
 * Reads what is in a folder. Throws `ConfigError` unless it is a finished adapter or model, and for links to files elsewhere: a folder from
 * somebody else must not decide which of this machine's files are sent.
 */
export function modelFilesIn(folder: string): ModelFiles {
  if (!isFolder(folder)) throw new ConfigError(`${folder} is not a folder`, { folder });
  const files: ModelFile[] = [];
  const others: string[] = [];
  const root = realpathSync(folder) + sep;
  const isWithin = (path: string) => realpathSync(path).startsWith(root);
  const read = (below: string): void => {
    for (const entry of readdirSync(join(folder, below)).sort()) {
      const name = below + entry;
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      // Modules are one folder deep.
      if (found?.isDirectory() && /^\d_\w+$/.test(name) && isWithin(path)) read(`${name}/`);
      else if (found?.isFile() && NAMES.some((known) => known.test(name))) {
        if (!isWithin(path))
          throw new ConfigError(`${path} is a link to a file outside of ${folder}: put a copy there to send it`, {
            folder,
            file: name,
          });
        files.push({ name, path, bytes: found.size });
      } else others.push(found?.isDirectory() ? `${name}/` : name);
    }
  };
  read("");
  const unfinished = [runFiles.checkpoint, runFiles.record, runFiles.foldsSoFar].find((name) => others.includes(name));
  if (unfinished !== undefined)
    throw new ConfigError(`${folder} has ${unfinished}: its run is not finished; continue it with finetune --resume`, {
      folder,
      file: unfinished,
    });
  const has = (name: string) => files.some((file) => file.name === name);
  if (!has("adapter_config.json") && !has("config.json"))
    throw new ConfigError(
      `${folder} has neither adapter_config.json nor config.json: a saved adapter or model is expected`,
      { folder },
    );
  return { files, others };
}
