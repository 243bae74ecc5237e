import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import type { Command } from "commander";
import { ConfigError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import { isFolder } from "../../io/node/folders.js";
import { hubToken, pushToHub } from "../../io/node/models/hub-push.js";
import { runFiles } from "../../training/store/run-store.js";
import type { Session } from "../session.js";
import { formatBytes, formatCount } from "../terminal/number-format.js";
import { oneLine } from "../terminal/terminal.js";
import { reporterOf } from "../terminal/progress-bar.js";

const EXAMPLES = `
Examples:
  lowrank push runs/search my-name/search-adapter --dry-run
  lowrank push runs/search my-name/search-adapter --private

The token comes from $HF_TOKEN or from the file that \`hf auth login\` writes; $HF_ENDPOINT selects another hub.
`;

interface PushOptions {
  readonly private?: boolean;
  readonly revision: string;
  readonly commitMessage: string;
  readonly dryRun?: boolean;
}

/** `lowrank push`: a saved folder on the hub. */
export function definePush(program: Command, session: Session): void {
  program
    .command("push")
    .description("upload a saved adapter or model to a repository of the Hugging Face hub, in one commit")
    .argument("<folder>", "what `finetune`, `merge` or `save` wrote")
    .argument("<repository>", "its place: organisation/name, made if it is not there")
    .option("--private", "make the repository private if it is not there (default: as its owner's settings say)")
    .option("--revision <branch>", "the branch, made if it is not there", "main")
    .option("--commit-message <text>", "first line of the commit's message", "Upload with lowrank")
    .option("--dry-run", "list what would be sent, and send nothing")
    .addHelpText("after", EXAMPLES)
    .action((folder: string, repository: string, options: PushOptions) => push(folder, repository, options, session));
}

async function push(folder: string, repository: string, options: PushOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { revision, commitMessage: message, dryRun = false } = options;
  checkNames(repository, revision, message);
  const found = modelFilesIn(folder);
  const { files, others } = found;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = `${formatCount(files.length)} ${files.length === 1 ? "file" : "files"} (${formatBytes(total)})`;
  const warning = localBase(found);
  if (warning !== null) terminal.error(`warning: ${warning}`);
  if (dryRun) {
    const sizes = files.map(({ bytes }) => formatBytes(bytes));
    const width = sizes.reduce((most, { length }) => Math.max(most, length), 0);
    files.forEach(({ name }, i) => terminal.print(`${sizes[i]!.padStart(width)}  ${oneLine(name)}`));
    terminal.error(`${count} would be sent to ${repository}, revision ${revision}`);
    if (others.length > 0) terminal.error(`not sent: ${oneLine(others.join(", "))}`);
    return;
  }
  const token = hubToken();
  const sizes = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const shares = new Map<string, number>();
  const bar = reporterOf(terminal).start("upload", { total, format: formatBytes, lines: true });
  const onProgress = (file: string, share: number) => {
    shares.set(file, share * (sizes.get(file) ?? 0));
    bar.update([...shares.values()].reduce((sum, bytes) => sum + bytes, 0));
  };
  try {
    const { private: isPrivate } = options;
    const hubUrl = process.env.HF_ENDPOINT?.replace(/\/+$/, "") || undefined;
    const { commit, url, made } = await pushToHub(
      { repository, revision, token, isPrivate, hubUrl },
      { files: new Map(files.map(({ name, path }) => [name, path])), message },
      { signal, onProgress },
    );
    bar.update(total);
    bar.stop();
    terminal.error(
      `${count} are in ${url}${made ? ", which was made" : ""}, revision ${revision}, commit ${oneLine(commit)}`,
    );
  } catch (error) {
    bar.stop();
    throw error;
  }
}

/** Throws `ConfigError` for names that the hub does not take. */
function checkNames(repository: string, revision: string, message: string): void {
  const isName = /^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/.test(repository) && !/\.\.|--/.test(repository);
  const fail = (option: string, expected: string, value: string) =>
    new ConfigError(`${option}: ${expected}, got ${JSON.stringify(value)}`, { option, expected, value });
  if (!isName) throw fail("repository", "a name such as my-name/my-model is expected", repository);
  if (!/^[\w-][\w./-]{0,200}$/.test(revision) || revision.includes(".."))
    throw fail("--revision", "the name of a branch is expected", revision);
  if (message.trim() === "") throw fail("--commit-message", "a text is expected", message);
}

/** A warning if an adapter names its base by a path, which other machines do not have; otherwise null. */
function localBase({ files }: ModelFiles): string | null {
  const config = files.find(({ name }) => name === "adapter_config.json");
  if (config === undefined) return null;
  const fail = (problem: string) => new ConfigError(`${config.path}: ${problem}`, { file: config.path });
  const { base_model_name_or_path: base } = parseJsonObject(readFileSync(config.path), fail);
  if (typeof base !== "string" || !(isAbsolute(base) || /^\.|^\w:\\|\\/.test(base))) return null;
  return `adapter_config.json names its base by a path of this machine, ${oneLine(base)}: others cannot open it; save it with the base's name on the hub`;
}

/** A file of a saved model or adapter. */
interface ModelFile {
  /** Name in the folder, with "/". */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** The files of a folder that make up a model, and the names of the others. */
interface ModelFiles {
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
function modelFilesIn(folder: string): ModelFiles {
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
