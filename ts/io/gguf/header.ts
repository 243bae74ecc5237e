import { FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { formatShape, sizeOf } from "../../values/tensor.js";
import { recogniseForeign } from "../safetensors/header.js";
import { Cursor, type GgufValue, keyName, readValue } from "./metadata.js";

/** Layout of a tensor's elements in a GGUF file: elements and bytes of a block of a row. */
interface GgmlType {
  /** Name in ggml: "Q4_K". */
  readonly name: string;
  /** Elements of a block; rows are whole blocks. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
}

const type = (name: string, elements: number, bytes: number): GgmlType => ({ name, elements, bytes });

/** Types by ggml's numbers; missing numbers were removed from ggml, or occur in no file. */
export const ggmlTypes: ReadonlyMap<number, GgmlType> = new Map([
  [0, type("F32", 1, 4)],
  [1, type("F16", 1, 2)],
  [2, type("Q4_0", 32, 18)],
  [3, type("Q4_1", 32, 20)],
  [6, type("Q5_0", 32, 22)],
  [7, type("Q5_1", 32, 24)],
  [8, type("Q8_0", 32, 34)],
  [10, type("Q2_K", 256, 84)],
  [11, type("Q3_K", 256, 110)],
  [12, type("Q4_K", 256, 144)],
  [13, type("Q5_K", 256, 176)],
  [14, type("Q6_K", 256, 210)],
  [16, type("IQ2_XXS", 256, 66)],
  [17, type("IQ2_XS", 256, 74)],
  [18, type("IQ3_XXS", 256, 98)],
  [19, type("IQ1_S", 256, 50)],
  [20, type("IQ4_NL", 32, 18)],
  [21, type("IQ3_S", 256, 110)],
  [22, type("IQ2_S", 256, 82)],
  [23, type("IQ4_XS", 256, 136)],
  [24, type("I8", 1, 1)],
  [25, type("I16", 1, 2)],
  [26, type("I32", 1, 4)],
  [27, type("I64", 1, 8)],
  [28, type("F64", 1, 8)],
  [29, type("IQ1_M", 256, 56)],
  [30, type("BF16", 1, 2)],
  [34, type("TQ1_0", 256, 54)],
  [35, type("TQ2_0", 256, 66)],
  [39, type("MXFP4", 32, 17)],
]);

/** A tensor in a GGUF file; `begin` and `end` count bytes from the start of the data. */
export interface GgufEntry {
  readonly name: string;
  readonly type: GgmlType;
  /** Lengths of the dimensions, outermost first, as everywhere here: the file has them the other way round. */
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A GGUF file's header. */
export interface GgufHeader {
  /** 2 or 3. */
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Offset of each of these values in the file, from its type on. */
  readonly places: ReadonlyMap<string, readonly [begin: number, end: number]>;
  readonly entries: ReadonlyMap<string, GgufEntry>;
  /** Where the data begin. */
  readonly dataStart: number;
}

const MOST_DIMENSIONS = 4;
/** Values of the metadata: a small one takes many times its bytes in memory. Honest files have less than a hundred. */
const MOST_PAIRS = 1 << 16;
/** ggml's own limit; names of other tools are shorter, too. */
const LONGEST_NAME = 1024;
/** Bytes of a key, its type and a value, of a tensor's description, at least. */
const [LEAST_PAIR, LEAST_TENSOR] = [13, 24];

/** The part of a header read so far, so that reading can continue when more bytes arrive. */
export class HeaderParser {
  private version = 0;
  private pairs = 0;
  private tensors = 0;
  private offset = 0;
  private lists = 0;
  private readonly metadata = new Map<string, GgufValue>();
  private readonly places = new Map<string, readonly [number, number]>();
  private readonly entries = new Map<string, GgufEntry>();
  private readonly fail = (problem: string) => new FormatError(`${clip(this.file)}: ${problem}`, { file: this.file });

  constructor(
    private readonly size: number,
    private readonly file: string,
  ) {}

  /**
   * Continues reading in the first bytes of the file. Throws `Exhausted` if more are needed, `FormatError` for a damaged file. Everything
   * is checked, so that later code can trust the entries.
   */
  parse(bytes: Uint8Array): GgufHeader {
    const cursor = new Cursor(bytes, this.size, this.fail);
    cursor.offset = this.offset;
    cursor.lists = this.lists;
    if (this.version === 0) this.start(cursor, bytes);
    while (this.metadata.size < this.pairs) this.pair(cursor);
    const alignment = this.alignment();
    while (this.entries.size < this.tensors) this.tensor(cursor, alignment);
    const dataStart = Math.ceil(this.offset / alignment) * alignment;
    this.checkPlaces(dataStart);
    return { version: this.version, metadata: this.metadata, places: this.places, entries: this.entries, dataStart };
  }

  private start(cursor: Cursor, bytes: Uint8Array): void {
    const magic = "GGUF";
    if (this.size < 4 || !Array.from(magic).every((letter, i) => bytes[i] === letter.charCodeAt(0))) {
      const kind = recogniseForeign(bytes.subarray(0, 64));
      throw this.fail(`expected a GGUF file, got ${kind ?? `one that begins with ${excerpt(bytes.subarray(0, 4))}`}`);
    }
    cursor.offset = 4;
    const version = cursor.u32("the version");
    if (version !== 0 && version % 2 ** 16 === 0)
      throw this.fail("it is big-endian; only little-endian GGUF files are read");
    if (version !== 2 && version !== 3)
      throw this.fail(`it is of GGUF version ${version}; versions 2 and 3 are read: convert it with a newer llama.cpp`);
    this.tensors = cursor.counted("the number of tensors", LEAST_TENSOR);
    this.pairs = cursor.counted("the number of metadata", LEAST_PAIR);
    if (this.pairs > MOST_PAIRS) throw this.fail(`it has ${this.pairs} metadata; at most ${MOST_PAIRS} are read`);
    this.offset = cursor.offset;
    this.version = version;
  }

  private pair(cursor: Cursor): void {
    const key = cursor.string("a key of the metadata");
    if (this.metadata.has(key)) throw this.fail(`${keyName(key)} stands there twice`);
    const begin = cursor.offset;
    const value = readValue(cursor, keyName(key), this.fail);
    this.metadata.set(key, value);
    this.places.set(key, [begin, cursor.offset]);
    this.offset = cursor.offset;
    this.lists = cursor.lists;
  }

  private alignment(): number {
    const value = this.metadata.get("general.alignment") ?? 32;
    if (typeof value === "number" && value > 0 && value <= 2 ** 30 && (value & (value - 1)) === 0) return value;
    throw this.fail(`general.alignment must be a power of two, got ${excerpt(value)}`);
  }

  private tensor(cursor: Cursor, alignment: number): void {
    const name = cursor.string("a tensor's name");
    const what = `tensor ${excerpt(name, 80)}`;
    const fail = (problem: string) => this.fail(`${what} ${problem}`);
    if (name.length > LONGEST_NAME) throw fail(`has a name longer than ${LONGEST_NAME} characters`);
    if (this.entries.has(name)) throw fail("stands there twice");
    const dimensions = cursor.u32(`${what}: the number of dimensions`);
    if (dimensions > MOST_DIMENSIONS) throw fail(`has ${dimensions} dimensions; at most ${MOST_DIMENSIONS} are read`);
    const shape = Array.from({ length: dimensions }, () => cursor.count(`${what}: a dimension`)).reverse();
    const number = cursor.u32(`${what}: its type`);
    const begin = cursor.count(`${what}: its offset`);
    const type = ggmlTypes.get(number);
    if (type === undefined) throw fail(`has elements of type ${number}, which is none that is known`);
    const elements = sizeOf(shape);
    if (!Number.isSafeInteger(elements)) throw fail(`is ${formatShape(shape)}, more elements than any file holds`);
    const row = shape.at(-1) ?? 1;
    if (row % type.elements !== 0)
      throw fail(`has rows of ${row} elements; those of type ${type.name} are blocks of ${type.elements}`);
    if (begin % alignment !== 0) throw fail(`begins at ${begin}, which is no multiple of the alignment, ${alignment}`);
    const end = begin + (elements / type.elements) * type.bytes;
    if (end > this.size) throw fail(`ends at ${end} in a file of ${this.size} bytes: the file is cut short`);
    this.entries.set(name, { name, type, shape: Object.freeze(shape), begin, end });
    this.offset = cursor.offset;
  }

  /** Checks that no two tensors share bytes, and none extends beyond the file. */
  private checkPlaces(dataStart: number): void {
    let [position, former] = [0, ""];
    for (const { name, begin, end } of [...this.entries.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
      if (begin < position)
        throw this.fail(`tensor ${excerpt(name, 80)} begins at ${begin}, within ${excerpt(former, 80)}`);
      if (dataStart + end > this.size)
        throw this.fail(
          `tensor ${excerpt(name, 80)} ends at ${dataStart + end} in a file of ${this.size} bytes: the file is cut short`,
        );
      [position, former] = [end, name];
    }
  }
}
