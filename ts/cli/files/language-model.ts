import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Command, Option } from "commander";
import type { TextFormat } from "../../constraint/text-format.js";
import { CausalLanguageModel } from "../../entry/node.js";
import { ConfigError, withFolder } from "../../errors/errors.js";
import { folderOrGguf, ggufAt, ggufFile, readFileMap } from "../../io/node/index.js";
import type { GenerateOptions } from "../../models/language/generate-options.js";
import { DEFAULT_LANGUAGE_MODEL } from "../../tasks/language/settings.js";
import { runFiles } from "../../training/store/run-store.js";
import { type EngineOptions, startEngine } from "../engine-start.js";
import { isGguf } from "../inspected/inspected-gguf.js";
import { real, whole } from "../options/option-values.js";
import { hearSignals, type Session } from "../session.js";
import { findModel, isAdapter, recordedModel } from "./base-model.js";
import { addEngineOptions } from "./classifier-folder.js";

/** Options that bind answers to a format. */
interface FormatOptions {
  readonly schema?: string;
  readonly regex?: string;
  readonly grammar?: string;
  readonly choice: readonly string[];
}

/** Adds them. */
const addFormatOptions = (command: Command): Command =>
  command
    .option("--schema <file>", "answer with JSON of this JSON Schema")
    .option("--regex <expression>", "answer with a text that this regular expression matches as a whole")
    .option("--grammar <file>", "answer with a text of this grammar, in llama.cpp's notation (GBNF)")
    .option(
      "--choice <text>",
      "answer with one of these texts; may be repeated",
      (value: string, before: readonly string[]) => [...before, value],
      [],
    );

/** The format of a command's options; files are read at each call. */
function formatOf({ schema, regex, grammar, choice }: FormatOptions): TextFormat {
  return {
    ...(schema === undefined ? {} : { schema: jsonIn(schema) }),
    ...(regex === undefined ? {} : { regex }),
    ...(grammar === undefined ? {} : { grammar: textIn("--grammar", grammar) }),
    ...(choice.length === 0 ? {} : { choices: choice }),
  };
}

function jsonIn(file: string): NonNullable<TextFormat["schema"]> {
  const text = textIn("--schema", file);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new ConfigError(
      `--schema ${file}: it is not JSON: ${String(cause)}`,
      { option: "--schema", file },
      { cause },
    );
  }
}

function textIn(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`${option} ${file}: the file cannot be read: ${String(cause)}`, { option, file }, { cause });
  }
}

/** Options of commands that load a language model with adapters. */
export interface ModelOptions extends EngineOptions {
  readonly model?: string;
  readonly weights: "auto" | "f32" | "f16" | "bf16" | "q8" | "q4";
  readonly cache: "f32" | "f16";
  readonly adapter: readonly string[];
}

/** Options of commands that generate text. */
export interface LanguageOptions extends FormatOptions, ModelOptions {
  readonly system?: string;
  readonly maxTokens?: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly stop: readonly string[];
  readonly seed: number;
}

/** Values of an option that may be repeated. */
export const collected = (value: string, before: readonly string[]) => [...before, value];

/** Adds the options for model and engine. */
export function addModelOptions(command: Command): Command {
  return addEngineOptions(modelOptions(command));
}

function modelOptions(command: Command): Command {
  return command
    .option(
      "--model <name>",
      `folder or name of a language model, or a .gguf file (default: the base of the first --adapter, otherwise ${DEFAULT_LANGUAGE_MODEL})`,
    )
    .addOption(
      new Option("--weights <format>", "format of the weights in memory")
        .choices(["auto", "f32", "f16", "bf16", "q8", "q4"])
        .default("auto"),
    )
    .addOption(
      new Option("--cache <format>", "format of the cached keys and values").choices(["f32", "f16"]).default("f32"),
    )
    .option("--adapter <[name=]folder>", "a PEFT adapter; may be repeated", collected, []);
}

/** Adds the options for model, sampling and engine. */
export function addLanguageOptions(command: Command, temperature: number): Command {
  modelOptions(command)
    .option("--system <text>", "system message before the conversation")
    .option("--max-tokens <n>", "maximum tokens of an answer (default: 256, or as many as fit the model)", whole(1))
    .option(
      "--temperature <t>",
      "sampling temperature; 0: always the most likely token",
      real(0, { closed: true }),
      temperature,
    )
    .option("--top-k <n>", "sample from this many most likely tokens", whole(1))
    .option("--top-p <p>", "sample from the fewest tokens with this total probability", real(0, { closed: true }), 1)
    .option(
      "--min-p <p>",
      "sample from tokens with at least this share of the highest probability",
      real(0, { closed: true }),
      0,
    )
    .option("--repetition-penalty <x>", "makes tokens that occurred before less likely; 1: off", real(0), 1)
    .option("--stop <text>", "stop before this text; may be repeated", collected, [])
    .option("--seed <n>", "seed of sampling", whole(0), 0);
  return addEngineOptions(addFormatOptions(command));
}

/** Options of sampling and of the answer's format from a command's options. */
export const drawing = (options: LanguageOptions): GenerateOptions => ({
  maxTokens: options.maxTokens,
  temperature: options.temperature,
  topK: options.topK,
  topP: options.topP,
  minP: options.minP,
  repetitionPenalty: options.repetitionPenalty,
  stop: options.stop,
  seed: options.seed,
  ...formatOf(options),
});

/** The model with its adapters, of which the first applies. The caller disposes of it. */
export async function openLanguageModel(options: ModelOptions, session: Session): Promise<CausalLanguageModel> {
  const { weights, cache, adapter } = options;
  const adapters = adapter.map(namedAdapter);
  const files = adapters.map(({ folder }) => readFileMap(folder, runFiles.adapter));
  const name =
    options.model ?? (adapters.length === 0 ? DEFAULT_LANGUAGE_MODEL : recordedModel(adapters[0]!.folder).model);
  if (options.model !== undefined && isAdapter(options.model))
    throw new ConfigError(`--model ${name} is the folder of an adapter: pass --adapter ${name}, which finds its base`, {
      option: "--model",
      value: name,
    });
  await startEngine(options);
  const file = isGguf(name) ? name : ggufFile(name);
  const source = file === null ? folderOrGguf(await findModel(name, session)) : ggufAt(file, basename(file));
  await hearSignals(session);
  const model = await CausalLanguageModel.load(source, { weights, cache, signal: session.signal });
  try {
    for (const [i, { name: own, folder }] of adapters.entries()) {
      try {
        model.loadAdapter(own, files[i]!);
      } catch (error) {
        throw withFolder(error, folder, runFiles.adapter);
      }
    }
    await hearSignals(session);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** "name=…", or without a name. */
export function namedSource(given: string): { readonly name: string | null; readonly from: string } {
  const [, name, from] = /^([\w.-]+)=(.+)$/s.exec(given) ?? [];
  return name === undefined ? { name: null, from: given } : { name, from: from! };
}

/** "name=folder", or a folder whose own name it is. */
export function namedAdapter(given: string): { readonly name: string; readonly folder: string } {
  const { name, from: folder } = namedSource(given);
  if (name !== null) return { name, folder };
  const own = basename(given);
  if (own !== "" && own !== "." && own !== "..") return { name: own, folder: given };
  throw new ConfigError(`--adapter ${given}: add a name: --adapter mine=${given}`, {
    option: "--adapter",
    value: given,
  });
}

/** Options of speculative decoding. */
export interface DraftOptions {
  readonly promptLookup?: number;
  readonly assistantModel?: string;
  readonly numAssistantTokens?: number;
}

/** Adds the options for speculative decoding. */
export function addDraftOptions(command: Command): Command {
  return command
    .option(
      "--prompt-lookup <n>",
      "draft up to n tokens from earlier text, same answer: faster where it repeats the prompt",
      whole(1, 64),
    )
    .option(
      "--assistant-model <name>",
      "a smaller model with the same tokenizer that drafts, same answer: a folder, a name or a .gguf file",
    )
    .option(
      "--num-assistant-tokens <n>",
      "most tokens that --assistant-model drafts at a time (default: 5)",
      whole(1, 64),
    );
}

/** How a command drafts. */
export interface Drafts extends Disposable {
  readonly options: Pick<GenerateOptions, "promptLookupNumTokens" | "assistantModel" | "numAssistantTokens">;
}

/** Loads the draft model, if there is one. Throws `ConfigError` for a number of its tokens without it. */
export async function openDrafts(options: ModelOptions & DraftOptions, session: Session): Promise<Drafts> {
  const { promptLookup, assistantModel: name, numAssistantTokens } = options;
  if (numAssistantTokens !== undefined && name === undefined)
    throw new ConfigError("--num-assistant-tokens is of a draft model: give --assistant-model too", {
      option: "--num-assistant-tokens",
      value: numAssistantTokens,
    });
  const assistantModel =
    name === undefined ? undefined : await openLanguageModel({ ...options, model: name, adapter: [] }, session);
  return {
    options: { promptLookupNumTokens: promptLookup, assistantModel, numAssistantTokens },
    [Symbol.dispose]: () => assistantModel?.dispose(),
  };
}
