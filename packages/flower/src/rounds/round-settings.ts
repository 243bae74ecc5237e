import {
  excerpt,
  flag,
  fraction,
  isJsonObject,
  type Json,
  LowrankError,
  namesFrom,
  nonNegative,
  parseJson,
  positive,
  sameMinor,
  share,
  text,
  VERSION,
  whole,
} from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import type { ConfigValue } from "../objects/incoming.js";

/** Version of the protocol between server and nodes. */
export const FORMAT = 1;

/** Settings that all rounds share. They determine the shared adapter. */
export interface SharedSettings {
  /** Fingerprint and maximum tokens of the encoder. */
  readonly encoder: string;
  readonly maxTokens: number;
  /** Name of the task, as in lowrank's specs. */
  readonly task: string;
  /** The task's own settings that differ from their defaults. */
  readonly taskSettings: Readonly<Record<string, Json>>;
  /** Names of the classes; empty for tasks without classes. */
  readonly labels: readonly string[];
  readonly rank: number;
  readonly alpha: number;
  /** Null means query, key and value. */
  readonly targetModules: readonly string[] | string | null;
  readonly rslora: boolean;
  readonly dropout: number;
  /** Seed of A, the order of batches, and dropout. */
  readonly seed: number;
  /** SHA-256 of the initial values of every A. */
  readonly sharedA: string;
}

/** The settings that determine the shared adapter, in the notation of its files. */
export type AdapterShape = Omit<SharedSettings, "encoder" | "maxTokens" | "sharedA">;

/** The settings of one round. */
export interface RoundSettings extends SharedSettings {
  /** Number of the round, from 1 to `rounds`. */
  readonly round: number;
  readonly rounds: number;
  /** Whether A is frozen and not sent (FFA-LoRA). */
  readonly freezeA: boolean;
  /** Whether a node first fits a head to its own vectors if the shared head is still the initial one. */
  readonly fitHead: boolean;
  /** Passes over the node's examples. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Null for none. */
  readonly maxGradNorm: number | null;
  /** Whether to report neither losses nor numbers of examples. */
  readonly private: boolean;
  /** Whether the server sends the shared adapter again after the round, to be evaluated. */
  readonly evaluate: boolean;
}

/** How a model is trained in a round. */
export function trainingOf({ batchSize, learningRate, weightDecay, maxGradNorm, seed, round }: RoundSettings) {
  // The order differs between rounds, and is the same if a round is repeated.
  return { batchSize, learningRate, weightDecay, maxGradNorm, seed: seed + round };
}

/** Limits of the server's settings. The round is added to the seed. */
const MOST = {
  seed: 2 ** 52,
  labels: 10_000,
  modules: 10_000,
  rank: 1_024,
  rounds: 1_000_000,
  epochs: 1_000,
  batchSize: 4_096,
};

const what = "the server's settings";

/**
 * Reads and checks a server's settings. Throws `FederationError` for another protocol or minor version of lowrank, and for
 * missing or invalid settings.
 */
export function takeRoundSettings(config: ReadonlyMap<string, ConfigValue>): RoundSettings {
  const read = <T>(name: string, check: (what: string, name: string, value: never) => T): T =>
    check(what, name, config.get(name) as never);
  const within = (least: number, most?: number) => (of: string, name: string, value: unknown) =>
    whole(of, name, value, least, most);
  const json = (name: string): Json =>
    parseJson(read(name, text), (problem) => notSensible(`${name}: ${problem}`, { option: name }));
  if (config.get("lowrank-format") !== FORMAT)
    throw notSensible(
      `expected lowrank-format ${FORMAT}, got ${excerpt(config.get("lowrank-format"))}: the app was not written by \`lowrank flower app\`, or by another version`,
      { option: "lowrank-format", expected: FORMAT, value: config.get("lowrank-format") },
    );
  try {
    checkVersion(read("lowrank-version", text));
    // Apps of text classification may name none.
    const task = config.has("task") ? read("task", text) : "classify";
    const maxGradNorm = read("max-grad-norm", nonNegative);
    const rounds = read("rounds", within(1, MOST.rounds));
    return {
      encoder: read("encoder", text),
      maxTokens: read("max-tokens", within(2)),
      task,
      taskSettings: config.has("task-settings") ? ownOf(json("task-settings")) : {},
      labels: labelsOf(json("labels"), task),
      rank: read("rank", within(1, MOST.rank)),
      alpha: read("alpha", positive),
      targetModules: modulesOf(json("target-modules")),
      rslora: read("rslora", flag),
      dropout: read("dropout", fraction),
      seed: read("seed", within(0, MOST.seed)),
      sharedA: read("shared-a", text),
      round: read("round", within(1, rounds)),
      rounds,
      freezeA: read("freeze-a", flag),
      fitHead: read("fit-head", flag),
      epochs: atMost("epochs", read("epochs", positive), MOST.epochs),
      batchSize: read("batch-size", within(1, MOST.batchSize)),
      learningRate: read("learning-rate", share),
      weightDecay: read("weight-decay", nonNegative),
      maxGradNorm: maxGradNorm === 0 ? null : maxGradNorm,
      private: read("private", flag),
      evaluate: read("evaluate", flag),
    };
  } catch (error) {
    if (error instanceof FederationError || !(error instanceof LowrankError)) throw error;
    throw new FederationError(error.message, error.details, { cause: error });
  }
}

/** Makes a model by the server's settings. Those that do not fit it, such as unknown modules, are the server's mistake: `FederationError`. */
export async function asServers<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof LowrankError) || !["CONFIG", "ADAPTER", "UNSUPPORTED"].includes(error.code)) throw error;
    const problem = error.message.startsWith(what) ? error.message : `${what}: ${error.message}`;
    throw new FederationError(problem, error.details, { cause: error });
  }
}

const notSensible = (problem: string, details: Record<string, unknown>) =>
  new FederationError(`${what}: ${problem}`, details);

function checkVersion(version: string): void {
  if (sameMinor(version)) return;
  throw notSensible(
    `the app is of lowrank ${excerpt(version)}, this node of ${VERSION}: their minor versions must be the same`,
    {
      option: "lowrank-version",
      value: version,
      expected: VERSION,
    },
  );
}

function ownOf(value: Json): Readonly<Record<string, Json>> {
  if (isJsonObject(value)) return value;
  throw notSensible("task-settings: expected an object", { option: "task-settings", value });
}

function labelsOf(value: Json, task: string): readonly string[] {
  if (task !== "classify" && Array.isArray(value) && value.length === 0) return [];
  const labels = namesFrom(`${what}: labels are a list of names`, value);
  if (labels.length >= 2 && labels.length <= MOST.labels) return labels;
  throw notSensible(`expected 2 to ${MOST.labels} labels, got ${labels.length}`, {
    option: "labels",
    length: labels.length,
  });
}

function modulesOf(value: Json): readonly string[] | string | null {
  if (value === null || typeof value === "string") return value;
  const names = namesFrom(`${what}: target-modules are a list of names`, value);
  if (names.length <= MOST.modules) return names;
  throw notSensible(`expected at most ${MOST.modules} target-modules, got ${names.length}`, {
    option: "target-modules",
    length: names.length,
  });
}

function atMost(name: string, value: number, most: number): number {
  if (value <= most) return value;
  throw notSensible(`${name} is ${most} at most, got ${value}`, { option: name, value, expected: `at most ${most}` });
}
