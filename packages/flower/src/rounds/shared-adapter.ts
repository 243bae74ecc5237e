import type { FileMap, SavedFiles, Tensor, TensorFile } from "lowrank";
import { HEAD_FILE, Philox, readSafetensors, sha256, sizeOf, WEIGHTS_FILE, writeSafetensors } from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import { unpackNpy } from "../objects/npy.js";
import type { RoundModels } from "./round-models.js";
import type { AdapterShape, SharedSettings } from "./round-settings.js";

/** Most bytes of an array's header, of its chunks' heads, and of their ids. */
const ARRAY_HEADS = 2_048;

/** Whether a tensor's name in PEFT's file is that of an A matrix. */
const isA = (name: string) => /\.lora_(A|embedding_A)(\.weight)?$/.test(name);

/** Whether it is that of a B matrix of a linear layer, which starts with zeros. */
const isB = (name: string) => /\.lora_B(\.weight)?$/.test(name);

const headOf = (files: FileMap) =>
  Object.hasOwn(files, HEAD_FILE) ? readSafetensors(files[HEAD_FILE]!, HEAD_FILE) : null;

/**
 * The adapter and head that a federation trains, as a model's files. Every node starts with the same ones. A is a
 * function of seed, names and shapes only, bit-identical everywhere, so it need not be sent.
 */
export class SharedAdapter {
  private constructor(
    /** Files of the untrained model: shared A, B zero. */
    readonly files: SavedFiles,
    private readonly adapter: TensorFile,
    /** Null for tasks without a head of their own, and for those that have it in the adapter's file. */
    private readonly head: TensorFile | null,
    /** SHA-256 of all A matrices. */
    readonly sharedA: string,
    /** Fingerprint and maximum tokens of the encoder. */
    readonly encoder: { readonly fingerprint: string; readonly maxTokens: number },
  ) {}

  /** Creates it from a new model of the task. Throws like `create` of the models. */
  static async of({ create }: Pick<RoundModels, "create">, shape: AdapterShape): Promise<SharedAdapter> {
    const { files: given, encoder } = await create(shape);
    const begun = readSafetensors(given[WEIGHTS_FILE]!, WEIGHTS_FILE);
    const tensors = new Map(begun.names.map((tensor) => [tensor, begun.tensor(tensor)]));
    const names = begun.names.filter(isA).sort();
    names.forEach((tensor, stream) => tensors.set(tensor, kaiming(tensors.get(tensor)!.shape, shape.seed, stream)));
    // The head starts with zeros, like B. Random numbers would differ between nodes.
    // The heads of some tasks are in the adapter's file: their values are the server's.
    const head = headOf(given);
    const zero = head?.names.map((tensor) => [tensor, zeros(head.tensor(tensor))] as const);
    const files = {
      ...(given as SavedFiles),
      [WEIGHTS_FILE]: writeSafetensors(tensors, begun.metadata),
      ...(zero && { [HEAD_FILE]: writeSafetensors(zero, head!.metadata) }),
    };
    const all = writeSafetensors(names.map((tensor) => [tensor, tensors.get(tensor)!] as const));
    const hash = await sha256(all, "joinFederation");
    return new SharedAdapter(files, readSafetensors(files[WEIGHTS_FILE], WEIGHTS_FILE), headOf(files), hash, encoder);
  }

  /** Throws `FederationError` if the server has another encoder or other A matrices. */
  check({ encoder, maxTokens, sharedA }: SharedSettings): void {
    const own = this.encoder;
    const fail = (problem: string, expected: unknown, actual: unknown) =>
      new FederationError(`joinFederation: ${problem}`, { op: "joinFederation", expected, actual });
    if (encoder !== own.fingerprint)
      throw fail(
        `the server's encoder has other weights (fingerprint ${encoder}, here ${own.fingerprint}): load the same encoder`,
        encoder,
        own.fingerprint,
      );
    if (maxTokens !== own.maxTokens)
      throw fail(
        `the server cuts texts to ${maxTokens} tokens, this encoder to ${own.maxTokens}: load it with maxTokens ${maxTokens}`,
        maxTokens,
        own.maxTokens,
      );
    if (sharedA !== this.sharedA)
      throw fail(
        "the A matrices of the server's app differ from those that its seed gives here: were its settings changed?",
        sharedA,
        this.sharedA,
      );
  }

  /** Whether files contain the initial head, or without its file an adapter that no node has trained. */
  isNew(files: FileMap): boolean {
    if (this.head === null) {
      const adapter = readSafetensors(files[WEIGHTS_FILE]!, WEIGHTS_FILE);
      return adapter.names.filter(isB).every((name) => adapter.tensor(name).data.every((value) => value === 0));
    }
    const own = this.files[HEAD_FILE]!;
    return files[HEAD_FILE]!.length === own.length && files[HEAD_FILE]!.every((byte, i) => byte === own[i]);
  }

  /** The tensors that are sent, by name: all, except A if it is frozen. */
  shapes(freezeA: boolean): ReadonlyMap<string, readonly number[]> {
    const { adapter, head } = this;
    const own = adapter.names.filter((name) => !freezeA || !isA(name));
    return new Map([
      ...own.map((name) => [name, adapter.info(name).shape] as const),
      ...(head?.names ?? []).map((name) => [`head.${name}`, head!.info(name).shape] as const),
    ]);
  }

  /** Most bytes of a reply, with heads and ids. */
  bytes(freezeA: boolean): number {
    return [...this.shapes(freezeA).values()].reduce((sum, shape) => sum + 4 * sizeOf(shape) + ARRAY_HEADS, 0);
  }

  /**
   * The files with the server's values. Throws `FederationError` for missing or unknown arrays, and for invalid shapes, sizes and
   * numbers.
   */
  withArrays(arrays: ReadonlyMap<string, Uint8Array>, freezeA: boolean): SavedFiles {
    const shapes = this.shapes(freezeA);
    const strange =
      [...arrays.keys()].find((name) => !shapes.has(name)) ?? [...shapes.keys()].find((name) => !arrays.has(name));
    if (strange !== undefined)
      throw new FederationError(
        `the server's arrays belong to another adapter: ${arrays.has(strange) ? "it has" : "it lacks"} ${strange.slice(0, 200)}`,
        { tensor: strange, expected: [...shapes.keys()] },
      );
    const values = new Map([...shapes].map(([name, shape]) => [name, unpackNpy(arrays.get(name)!, name, shape)]));
    const { adapter, head, files } = this;
    const of = (file: TensorFile, prefix: string) =>
      writeSafetensors(
        file.names.map((name) => [name, values.get(prefix + name) ?? file.tensor(name)] as const),
        file.metadata,
      );
    return { ...files, [WEIGHTS_FILE]: of(adapter, ""), ...(head && { [HEAD_FILE]: of(head, "head.") }) };
  }

  /** The arrays that a node sends, from its model's files. */
  arraysOf(files: FileMap, freezeA: boolean): Map<string, Tensor> {
    const adapter = readSafetensors(files[WEIGHTS_FILE]!, WEIGHTS_FILE);
    const head = this.head && headOf(files);
    const tensor = (name: string) =>
      head !== null && name.startsWith("head.") ? head.tensor(name.slice(5)) : adapter.tensor(name);
    return new Map([...this.shapes(freezeA).keys()].map((name) => [name, tensor(name)]));
  }
}

/** A initialised as in PEFT, Kaiming uniform with a = √5: uniform in ±1/√in, shape `[rank, in]` as in files. */
function kaiming(shape: readonly number[], seed: number, stream: number): Tensor {
  const random = new Philox(seed, stream);
  const bound = 1 / Math.sqrt(shape[1]!);
  return {
    shape,
    data: Float32Array.from({ length: shape[0]! * shape[1]! }, () => (2 * random.uniform() - 1) * bound),
  };
}

const zeros = ({ shape, data }: Tensor): Tensor => ({ shape, data: new Float32Array(data.length) });
