import { assertModel } from "../../adapters/adapted-model.js";
import { isRecord, unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { CrossEncoder } from "../../tasks/cross/cross-encoder.js";
import { TextClassifier } from "../../tasks/classify/text-classifier.js";
import { clientName } from "../client-names.js";

/** A model that a server answers with. */
export type ServedModel =
  | CausalLanguageModel
  | SentenceEncoder
  | CrossEncoder<number | number[]>
  | TextClassifier
  | TextClassifier<string, true>;

/** What a model of each kind is used for. */
interface Kinds {
  readonly generate: CausalLanguageModel;
  readonly embed: SentenceEncoder;
  readonly rerank: CrossEncoder<number | number[]>;
  readonly classify: TextClassifier | TextClassifier<string, true>;
}

/** What a model is used for. */
export type Kind = keyof Kinds;

/** A served model by its name in requests. */
export type Served<K extends Kind = Kind> = {
  [One in K]: { readonly kind: One; readonly id: string; readonly model: Kinds[One] };
}[K];

const classes = {
  generate: CausalLanguageModel,
  embed: SentenceEncoder,
  rerank: CrossEncoder,
  classify: TextClassifier,
} as const satisfies Record<Kind, unknown>;

const EXPECTED =
  "a CausalLanguageModel, SentenceEncoder, CrossEncoder or TextClassifier, or an object of several by their names";

/** The kind of a model; null for anything else. */
export function kindOf(model: unknown): Kind | null {
  for (const kind of Object.keys(classes) as Kind[]) if (model instanceof classes[kind]) return kind;
  return null;
}

/**
 * Models by their names in requests, checked.
 *
 * @param models one model, or several by their names
 * @param name of one model; default: its own, of a path the last part
 * Throws `ConfigError` for anything else, for a name beside several, and for more than one language model; `StaleNodeError` if one was
 * disposed.
 */
export function takeModels(what: string, models: unknown, name: string | undefined): readonly Served[] {
  const given = kindOf(models) === null ? models : { [name ?? clientName(loadedName(models as ServedModel))]: models };
  if (!isRecord(given) || Object.keys(given).length === 0) throw unexpected(what, "models", EXPECTED, models);
  if (given === models && name !== undefined)
    throw new ConfigError(`${what}: name is of one model; several have the names of their object`, {
      op: what,
      option: "name",
      value: name,
    });
  const served = Object.entries(given).map(([id, model]): Served => {
    const kind = kindOf(model);
    if (kind === null || id === "") throw unexpected(what, `models[${excerpt(id)}]`, EXPECTED, model);
    assertModel(what, (model as ServedModel).graph, kind === "generate" ? "language model" : "encoder");
    return { kind, id, model } as Served;
  });
  if (served.filter(({ kind }) => kind === "generate").length <= 1) return served;
  throw new ConfigError(`${what}: a server has at most one language model; make one for each`, {
    op: what,
    option: "models",
  });
}

/** A model's name as it was loaded, which may be a path. */
export const loadedName = (model: ServedModel) => ("encoder" in model ? model.encoder.name : model.name);

/** The models of one kind. */
export const ofKind = <K extends Kind>(models: readonly Served[], kind: K) =>
  models.filter((one) => one.kind === kind) as unknown as readonly Served<K>[];
