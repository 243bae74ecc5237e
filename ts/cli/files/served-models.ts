import { basename, join, resolve } from "node:path";
import { type SentenceEncoder, TextClassifier } from "../../entry/node.js";
import { AdapterError, ConfigError } from "../../errors/errors.js";
import { isFolder } from "../../io/node/folders.js";
import type { ServedModel } from "../../serve/index.js";
import { DEFAULT_LANGUAGE_MODEL } from "../../tasks/language/settings.js";
import { startEngine } from "../engine-start.js";
import { hearSignals, type Session } from "../session.js";
import { encoderAdapter, openEncoder } from "./adapted-encoder.js";
import { findModel, isAdapter, readObject } from "./base-model.js";
import { clientName } from "../../serve/client-names.js";
import { openClassifier, openReranker } from "./classifier-folder.js";
import { type ModelOptions, namedAdapter, namedSource, openLanguageModel } from "./language-model.js";

/** Which models a server has. */
export interface ServedOptions extends ModelOptions {
  readonly name?: string;
  readonly embeddingModel: readonly string[];
  readonly rerankModel: readonly string[];
  readonly classifier: readonly string[];
}

/** Models by their names in requests. */
export interface OpenedModels {
  readonly models: Readonly<Record<string, ServedModel>>;
  readonly dispose: () => void;
}

const CONFIG = "adapter_config.json";

/** Opens the models that options name: a language model unless only others are named. The caller disposes of them. */
export async function openServed(options: ServedOptions, session: Session): Promise<OpenedModels> {
  const { embeddingModel, rerankModel, classifier } = options;
  const isLanguage = options.model !== undefined || [embeddingModel, rerankModel, classifier].flat().length === 0;
  const { ofLanguage, ofEncoder } = dividedAdapters(options, isLanguage);
  const models = new Map<string, ServedModel>();
  const opened: { dispose(): void }[] = [];
  const add = (name: string, model: ServedModel) => {
    opened.push("encoder" in model ? model.encoder : model);
    if (models.has(name))
      throw new ConfigError(`serve: two models are named ${name}: name them, such as --embedding-model small=folder`, {
        op: "serve",
        option: "name",
        value: name,
      });
    models.set(name, model);
  };
  const dispose = () => opened.forEach((model) => model.dispose());
  const loading = (model: string) => session.terminal.error(`loading ${model}`);
  try {
    if (isLanguage) {
      loading(options.model ?? ofLanguage[0] ?? DEFAULT_LANGUAGE_MODEL);
      const language = await openLanguageModel({ ...options, adapter: ofLanguage }, session);
      add(options.name ?? clientName(language.name), language);
    }
    for (const [i, given] of embeddingModel.entries()) {
      loading(given);
      const { name, encoder } = await openEmbedding(given, options, session);
      add(name, encoder);
      for (const adapter of ofEncoder.get(i) ?? []) {
        const { name, folder } = namedAdapter(adapter);
        try {
          encoderAdapter(folder, name, false)(encoder);
        } catch (error) {
          throw error instanceof AdapterError && !isLanguage ? perhapsOfLanguage(error, adapter) : error;
        }
      }
    }
    for (const given of rerankModel) {
      loading(given);
      const { name, from } = namedSource(given);
      const { build, threads } = options;
      add(name ?? ownName(from), await openReranker({ run: from, build, threads }, session));
    }
    for (const given of classifier) {
      loading(given);
      const { name, from } = namedSource(given);
      add(name ?? ownName(from), await openLabels(from, options, session));
    }
    await hearSignals(session);
    return { models: Object.fromEntries(models), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** An error that says, without --model, that the adapter may be of a language model: those come to the encoder too. */
function perhapsOfLanguage(error: AdapterError, adapter: string): AdapterError {
  const base = String(readObject(join(namedAdapter(adapter).folder, CONFIG))["base_model_name_or_path"]);
  const message = `--adapter ${adapter}: ${error.message}; if its base ${base} is a language model, add --model ${base}`;
  return new AdapterError(message, error.details, { cause: error });
}

/** A folder's own name; a model's name as it is. */
const ownName = (from: string) => (isFolder(from) ? basename(resolve(from)) : from);

/** An encoder, or an adapter's base with the adapter. */
async function openEmbedding(
  given: string,
  { build, threads }: ServedOptions,
  session: Session,
): Promise<{ readonly name: string; readonly encoder: SentenceEncoder }> {
  const { name, from } = namedSource(given);
  const engine = { build, threads };
  if (!isAdapter(from)) {
    const encoder = await openEncoder({ ...engine, model: from }, session);
    return { name: name ?? ownName(from), encoder };
  }
  const encoder = await openEncoder({ ...engine, adapter: from, adapterName: name ?? ownName(from) }, session);
  return { name: encoder.name, encoder };
}

async function openLabels(from: string, { build, threads }: ServedOptions, session: Session): Promise<ServedModel> {
  if (isFolder(from)) return openClassifier({ run: from, build, threads }, session);
  await startEngine({ build, threads });
  return TextClassifier.open(await findModel(from, session), { signal: session.signal });
}

/**
 * Divides adapters among models: an encoder that an adapter's files name as its base, otherwise the language model, otherwise the only
 * encoder. Throws `ConfigError` if there are several and none is named.
 */
function dividedAdapters({ adapter, embeddingModel }: ServedOptions, isLanguage: boolean) {
  const ofLanguage: string[] = [];
  const ofEncoder = new Map<number, string[]>();
  for (const given of adapter) {
    const { folder } = namedAdapter(given);
    const base = readObject(join(folder, CONFIG))["base_model_name_or_path"];
    const own = embeddingModel.findIndex((one) => namedSource(one).from === base);
    const place = own < 0 && embeddingModel.length === 1 ? 0 : own;
    if (own < 0 && isLanguage) ofLanguage.push(given);
    else if (place >= 0) ofEncoder.set(place, [...(ofEncoder.get(place) ?? []), given]);
    else
      throw new ConfigError(
        `--adapter ${given}: none of the models that take adapters (--model, --embedding-model) is its base, ${String(base)}`,
        { option: "--adapter", value: given },
      );
  }
  return { ofLanguage, ofEncoder };
}
