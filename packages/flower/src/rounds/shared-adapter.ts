import type { FileMap, SavedFiles, Tensor, TensorFile } from "lowrank";
import {
  FormatError,
  HEAD_FILE,
  isJsonObject,
  LABELS_FILE,
  parseJsonObject,
  Philox,
  readSafetensors,
  sha256,
  sizeOf,
  WEIGHTS_FILE,
  writeSafetensors,
} from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import { unpackNpy } from "../objects/npy.js";
import type { ClassifierClass } from "./classifier-class.js";
import type { SharedSettings } from "./round-settings.js";

/** Bytes of an array's header, of the objects that it is cut into, and of their ids. */
const ARRAY_HEADS = 2_048;

/** Whether a tensor of an adapter's file is an A, by PEFT's names. */
const isA = (name: string) => /\.lora_(A|embedding_A)(\.weight)?$/.test(name);

/** What decides which adapter is shared, as its files say it. */
export type AdapterShape = Omit<SharedSettings, "encoder" | "maxTokens" | "sharedA">;

/**
 * The adapter and head that a federation trains, as files of a classifier: what every node has before the first round. A is a
 * function of seed, names and shapes alone, the same bits everywhere, so that nobody has to send it.
 */
export class SharedAdapter {
  private constructor(
    /** Files of the classifier before any training: A as all have it, B zero, the head small. */
    readonly files: SavedFiles,
    private readonly adapter: TensorFile,
    private readonly head: TensorFile,
    /** SHA-256 of every A. */
    readonly sharedA: string,
    /** The encoder's fingerprint, and the tokens that its texts are cut to. */
    readonly encoder: { readonly fingerprint: string; readonly maxTokens: number },
  ) {}

  /**
   * Makes it on an encoder, which is left as it was. Errors as `TextClassifier.create`.
   * @param name free in the encoder
   */
  static async of<E>(
    TextClassifier: ClassifierClass<E>,
    encoder: E,
    { labels, rank, alpha, targetModules, rslora, dropout, seed }: AdapterShape,
    name: string,
  ): Promise<SharedAdapter> {
    const lora = { rank, alpha, rslora, dropout, ...(targetModules === null ? {} : { targetModules }) };
    const made = await TextClassifier.create(encoder, { labels, lora, adapter: name });
    let given: FileMap;
    try {
      given = await made.save();
    } finally {
      await made.dispose();
    }
    const begun = readSafetensors(given[WEIGHTS_FILE]!, WEIGHTS_FILE);
    const tensors = new Map(begun.names.map((tensor) => [tensor, begun.tensor(tensor)]));
    const names = begun.names.filter(isA).sort();
    names.forEach((tensor, stream) => tensors.set(tensor, kaiming(tensors.get(tensor)!.shape, seed, stream)));
    // The head begins with zeros, as B does: small numbers would be other ones on each node.
    const head = readSafetensors(given[HEAD_FILE]!, HEAD_FILE);
    const zero = head.names.map((tensor) => [tensor, zeros(head.tensor(tensor))] as const);
    const files = {
      ...(given as SavedFiles),
      [WEIGHTS_FILE]: writeSafetensors(tensors, begun.metadata),
      [HEAD_FILE]: writeSafetensors(zero, head.metadata),
    };
    const all = writeSafetensors(names.map((tensor) => [tensor, tensors.get(tensor)!] as const));
    const hash = await sha256(all, "joinFederation");
    const read = (file: string) => readSafetensors(files[file as typeof HEAD_FILE], file);
    return new SharedAdapter(files, read(WEIGHTS_FILE), read(HEAD_FILE), hash, encoderOf(given[LABELS_FILE]!));
  }

  /** Throws `FederationError` where a server speaks of another encoder, or its A are others. */
  check({ encoder, maxTokens, sharedA }: SharedSettings): void {
    const own = this.encoder;
    const fail = (problem: string, expected: unknown, actual: unknown) =>
      new FederationError(`joinFederation: ${problem}`, { op: "joinFederation", expected, actual });
    if (encoder !== own.fingerprint)
      throw fail(
        `the server trains an adapter of an encoder with other weights (${encoder}, here ${own.fingerprint}): load that one`,
        encoder,
        own.fingerprint,
      );
    if (maxTokens !== own.maxTokens)
      throw fail(
        `texts are cut to ${maxTokens} tokens, and to ${own.maxTokens} here: load the encoder with maxTokens ${maxTokens}`,
        maxTokens,
        own.maxTokens,
      );
    if (sharedA !== this.sharedA)
      throw fail(
        "the A that the server's app was written with are others than the same seed gives here: are its settings changed?",
        sharedA,
        this.sharedA,
      );
  }

  /** Whether a classifier's files hold the head that all begin with. */
  isNew(files: FileMap): boolean {
    const own = this.files[HEAD_FILE]!;
    return files[HEAD_FILE]!.length === own.length && files[HEAD_FILE]!.every((byte, i) => byte === own[i]);
  }

  /** What is sent, by name: all but A where that is frozen. */
  shapes(freezeA: boolean): ReadonlyMap<string, readonly number[]> {
    const { adapter, head } = this;
    const own = adapter.names.filter((name) => !freezeA || !isA(name));
    return new Map([
      ...own.map((name) => [name, adapter.info(name).shape] as const),
      ...head.names.map((name) => [`head.${name}`, head.info(name).shape] as const),
    ]);
  }

  /** Bytes that what is sent has at most, each array with its heads and ids. */
  bytes(freezeA: boolean): number {
    return [...this.shapes(freezeA).values()].reduce((sum, shape) => sum + 4 * sizeOf(shape) + ARRAY_HEADS, 0);
  }

  /**
   * The classifier's files with a server's values. Throws `FederationError` where arrays are missing or unknown, and for shapes, sizes and
   * numbers that make no sense.
   */
  withArrays(arrays: ReadonlyMap<string, Uint8Array>, freezeA: boolean): SavedFiles {
    const shapes = this.shapes(freezeA);
    const strange =
      [...arrays.keys()].find((name) => !shapes.has(name)) ?? [...shapes.keys()].find((name) => !arrays.has(name));
    if (strange !== undefined)
      throw new FederationError(
        `the server's arrays are those of another adapter: ${arrays.has(strange) ? "it has" : "it lacks"} ${strange.slice(0, 200)}`,
        { tensor: strange, expected: [...shapes.keys()] },
      );
    const values = new Map([...shapes].map(([name, shape]) => [name, unpackNpy(arrays.get(name)!, name, shape)]));
    const { adapter, head, files } = this;
    const of = (file: TensorFile, prefix: string) =>
      writeSafetensors(
        file.names.map((name) => [name, values.get(prefix + name) ?? file.tensor(name)] as const),
        file.metadata,
      );
    return { ...files, [WEIGHTS_FILE]: of(adapter, ""), [HEAD_FILE]: of(head, "head.") };
  }

  /** What a node sends of its classifier's files. */
  arraysOf(files: FileMap, freezeA: boolean): Map<string, Tensor> {
    const [adapter, head] = [
      readSafetensors(files[WEIGHTS_FILE]!, WEIGHTS_FILE),
      readSafetensors(files[HEAD_FILE]!, HEAD_FILE),
    ];
    const tensor = (name: string) => (name.startsWith("head.") ? head.tensor(name.slice(5)) : adapter.tensor(name));
    return new Map([...this.shapes(freezeA).keys()].map((name) => [name, tensor(name)]));
  }
}

/** A as PEFT begins it, Kaiming uniform with a = √5: uniform below 1/√in in size, `[rank, in]` as in files. */
function kaiming(shape: readonly number[], seed: number, stream: number): Tensor {
  const random = new Philox(seed, stream);
  const bound = 1 / Math.sqrt(shape[1]!);
  return {
    shape,
    data: Float32Array.from({ length: shape[0]! * shape[1]! }, () => (2 * random.uniform() - 1) * bound),
  };
}

const zeros = ({ shape, data }: Tensor): Tensor => ({ shape, data: new Float32Array(data.length) });

function encoderOf(labels: Uint8Array) {
  const fail = (problem: string) => new FormatError(`${LABELS_FILE}: ${problem}`, { file: LABELS_FILE });
  const { base = null, maxTokens } = parseJsonObject(labels, fail);
  return { fingerprint: String(isJsonObject(base) ? base["fingerprint"] : ""), maxTokens: Number(maxTokens) };
}
