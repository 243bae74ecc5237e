import {
  excerpt,
  flag,
  fraction,
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

/** How server and nodes speak of rounds; another number is another language. */
export const FORMAT = 1;

/** What all rounds of a federation have in common, which decides what adapter is shared. */
export interface SharedSettings {
  /** The encoder's fingerprint, and the tokens that texts are cut to. */
  readonly encoder: string;
  readonly maxTokens: number;
  readonly labels: readonly string[];
  readonly rank: number;
  readonly alpha: number;
  /** null for query, key and value. */
  readonly targetModules: readonly string[] | string | null;
  readonly rslora: boolean;
  readonly dropout: number;
  /** Of A, the batches' order and dropout. */
  readonly seed: number;
  /** SHA-256 of what every A begins with. */
  readonly sharedA: string;
}

/** What a node is asked to do in one round. */
export interface RoundSettings extends SharedSettings {
  /** From 1. */
  readonly round: number;
  readonly rounds: number;
  /** Whether A stays as it is and is not sent (FFA-LoRA). */
  readonly freezeA: boolean;
  /** Whether a node begins with a head that is fitted to its own vectors, where the shared one is as it was at first. */
  readonly fitHead: boolean;
  /** Passes over the node's examples. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** null for none. */
  readonly maxGradNorm: number | null;
  /** Whether neither losses nor numbers of examples are told. */
  readonly private: boolean;
  /** Whether the shared adapter comes once more at the end of a round, to be measured. */
  readonly evaluate: boolean;
}

/** Limits of what a server may ask for; the round is added to the seed. */
const MOST = { seed: 2 ** 52, labels: 10_000, rank: 1_024, rounds: 1_000_000, epochs: 1_000, batchSize: 4_096 };

const what = "the server's settings";

/**
 * Reads and checks what a server asks for. Throws `FederationError` for another format or minor version of lowrank, and for what
 * is missing or makes no sense.
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
      `lowrank-format ${FORMAT} is expected, got ${excerpt(config.get("lowrank-format"))}: the app is none of \`lowrank flower app\`, or of another version`,
      { option: "lowrank-format", expected: FORMAT, value: config.get("lowrank-format") },
    );
  try {
    checkVersion(read("lowrank-version", text));
    const maxGradNorm = read("max-grad-norm", nonNegative);
    return {
      encoder: read("encoder", text),
      maxTokens: read("max-tokens", within(2)),
      labels: labelsOf(json("labels")),
      rank: read("rank", within(1, MOST.rank)),
      alpha: read("alpha", positive),
      targetModules: modulesOf(json("target-modules")),
      rslora: read("rslora", flag),
      dropout: read("dropout", fraction),
      seed: read("seed", within(0, MOST.seed)),
      sharedA: read("shared-a", text),
      round: read("round", within(1, MOST.rounds)),
      rounds: read("rounds", within(1, MOST.rounds)),
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

const notSensible = (problem: string, details: Record<string, unknown>) =>
  new FederationError(`${what}: ${problem}`, details);

function checkVersion(version: string): void {
  if (sameMinor(version)) return;
  throw notSensible(
    `the app is of lowrank ${excerpt(version)}, this node of ${VERSION}: their minor versions must be the same`,
    {
      ...{ option: "lowrank-version", value: version, expected: VERSION },
    },
  );
}

function labelsOf(value: Json): readonly string[] {
  const labels = namesFrom(`${what}: labels are a list of names`, value);
  if (labels.length >= 2 && labels.length <= MOST.labels) return labels;
  throw notSensible(`2 to ${MOST.labels} labels are expected, got ${labels.length}`, {
    option: "labels",
    length: labels.length,
  });
}

function modulesOf(value: Json): readonly string[] | string | null {
  if (value === null || typeof value === "string") return value;
  return namesFrom(`${what}: target-modules are a list of names`, value);
}

function atMost(name: string, value: number, most: number): number {
  if (value <= most) return value;
  throw notSensible(`${name} is ${most} at most, got ${value}`, { option: name, value, expected: `at most ${most}` });
}
