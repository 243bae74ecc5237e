import { unexpected } from "../arguments/settings.js";
import { isBytes } from "../arguments/typed-array.js";
import { FormatError, LowrankError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { blobSource, bytesSource, type ByteSource, checkSource } from "../io/byte-source.js";
import { fileAccess } from "../io/file-access.js";
import { isJsonObject, parseJson, parseJsonObject } from "../io/json.js";
import { byteLength, fillSafetensors, openSafetensors, type OpenTensorFile } from "../io/safetensors/index.js";
import { type IdTable, takeIds, type VectorId } from "./id-table.js";
import { type IndexFormat, type Scale, storedBytes, takeRanges } from "./vector-formats.js";
import { vectorFrom } from "./vector-list.js";
import type { AddedVectors, VectorStore } from "./vector-store.js";

/** What scores are. */
export type Similarity = "cosine" | "dot";

/** A file with an index: bytes, a Blob or File, a `ByteSource`, a handle of the Origin Private File System, in Node a path. */
export type IndexFileSource = Uint8Array | Blob | ByteSource | { getFile(): Promise<Blob> } | string;

/** What a file says of an index besides its vectors. */
export interface IndexSettings {
  readonly dimensions: number;
  readonly format: IndexFormat;
  readonly similarity: Similarity;
  readonly metadata: Readonly<Record<string, string>>;
}

const KIND = "lowrank-search-index";
const VERSION = 1;
/** Bytes that are read at once. */
const PIECE = 2 ** 20;

interface Part {
  readonly name: string;
  readonly dtype: "F32" | "I8" | "U8";
  readonly shape: readonly number[];
  readonly fill: (into: Uint8Array) => void;
}

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** The bytes of an index as a file. */
export function fileOfIndex(
  { dimensions, format, similarity, metadata }: IndexSettings,
  ids: IdTable,
  store: VectorStore,
): Uint8Array<ArrayBuffer> {
  const names = Array.from({ length: ids.length }, (_, row) => JSON.stringify(ids.at(row)));
  const text = new TextEncoder().encode(`[${names.join(",")}]`);
  const parts: Part[] = [
    { name: "ids", dtype: "U8", shape: [text.length], fill: (into) => into.set(text) },
    rowsOf(dimensions, format, store),
  ];
  if (store.scale !== null) {
    const { least, most } = store.scale;
    const fill = (into: Uint8Array) =>
      [least, most].forEach((values, i) => into.set(bytesOf(values), 4 * dimensions * i));
    parts.push({ name: "ranges", dtype: "F32", shape: [2, dimensions], fill });
  }
  const index = JSON.stringify({ version: VERSION, dimensions, format, similarity, metadata });
  return fillSafetensors(parts, ({ fill }, into) => fill(into), { format: KIND, index });
}

function rowsOf(dimensions: number, format: IndexFormat, store: VectorStore): Part {
  const staged = store.stagedVectors;
  if (staged !== null) {
    const fill = (into: Uint8Array) => staged.forEach((values, i) => into.set(bytesOf(values), 4 * dimensions * i));
    return { name: "vectors", dtype: "F32", shape: [staged.length, dimensions], fill };
  }
  const { rows } = store.searchable();
  const bytes = storedBytes(format, dimensions);
  const fill = (into: Uint8Array) => {
    for (let row = 0; row < rows.length; row++) into.set(rows.row(row).subarray(0, bytes), row * bytes);
  };
  const stored = {
    float32: { name: "vectors", dtype: "F32", shape: [rows.length, dimensions] },
    int8: { name: "codes", dtype: "I8", shape: [rows.length, bytes] },
    binary: { name: "codes", dtype: "U8", shape: [rows.length, bytes] },
  } as const;
  return { ...stored[format], fill };
}

/** Rows as they come from a file: vectors to be stored, or what is stored. */
interface Piece {
  readonly vectors?: AddedVectors;
  readonly rows: { readonly count: number; readonly at: (i: number) => Uint8Array };
}

/** A file with an index whose header was checked. */
export interface IndexFile {
  readonly settings: IndexSettings;
  readonly scale: Scale | null;
  ids(): Promise<VectorId[]>;
  eachPiece(take: (piece: Piece) => void): Promise<void>;
  close(): Promise<void>;
}

async function sourceOf(what: string, given: unknown): Promise<ByteSource> {
  if (isBytes(given)) return bytesSource(given);
  if (typeof Blob !== "undefined" && given instanceof Blob) return blobSource(given);
  if (typeof given === "string") {
    const cut = Math.max(given.lastIndexOf("/"), given.lastIndexOf("\\")) + 1;
    const found = await fileAccess(what)
      .folder(given.slice(0, cut) || ".")
      ?.open(given.slice(cut));
    if (found) return found;
    throw noFile(what, given);
  }
  const handle = given as { readonly getFile?: () => Promise<Blob> } | null;
  if (typeof handle?.getFile === "function") return blobSource(await handle.getFile());
  checkSource(what, given);
  return given;
}

const noFile = (what: string, path: string) => unexpected(what, "the source", "an existing file", path);

/** Opens and checks a file. Throws `FormatError`, with the source closed, for one that is not an index. */
export async function openIndexFile(what: string, given: unknown): Promise<IndexFile> {
  const source = await sourceOf(what, given);
  const file = await openSafetensors(source, "search index").catch((cause: unknown) => {
    // A folder, which opens and cannot be read.
    throw typeof given !== "string" || cause instanceof LowrankError ? cause : noFile(what, given);
  });
  try {
    return await checkedFile(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

const fail = (problem: string, cause?: unknown) =>
  new FormatError(`search index: ${problem}`, { file: "search index" }, { cause });

async function checkedFile(file: OpenTensorFile): Promise<IndexFile> {
  const settings = settingsOf(file);
  const { dimensions, format } = settings;
  const isStaged = format === "int8" && !file.has("codes");
  const isFloat = isStaged || format === "float32";
  const name = isFloat ? "vectors" : "codes";
  const rowBytes = isFloat ? 4 * dimensions : storedBytes(format, dimensions);
  const count = shapeOf(file, name, isFloat ? "F32" : format === "int8" ? "I8" : "U8", [
    null,
    isFloat ? dimensions : rowBytes,
  ])[0]!;
  const [length] = shapeOf(file, "ids", "U8", [null]);
  let scale: Scale | null = null;
  if (format === "int8" && !isStaged) {
    shapeOf(file, "ranges", "F32", [2, dimensions]);
    const ranges = await file.tensor("ranges");
    scale = rethrown(() => takeRanges("ranges", ranges, dimensions));
  }
  return {
    settings,
    scale,
    ids: async () => checkedIds(await file.raw("ids", 0, length), count),
    async eachPiece(take) {
      const most = Math.max(1, Math.floor(PIECE / rowBytes));
      const into = new Uint8Array(Math.min(most, count) * rowBytes);
      // Staged vectors are one piece, since each piece makes codes.
      const step = isStaged ? Math.max(count, 1) : most;
      for (let row = 0; row < count; row += step) {
        const rows = Math.min(step, count - row);
        const [begin, end] = [row * rowBytes, (row + rows) * rowBytes];
        const bytes = await file.raw(name, begin, end, isStaged ? undefined : into);
        const at = (i: number) => bytes.subarray(i * rowBytes, (i + 1) * rowBytes);
        if (isFloat) checkFloats(rows, at, dimensions);
        if (format === "binary") checkBits(rows, at, dimensions);
        const floats = { count: rows, at: (i: number) => floatsOf(at(i)) };
        take({ rows: { count: rows, at }, ...(isStaged && { vectors: floats }) });
      }
    },
    close: () => file.close(),
  };
}

const floatsOf = (bytes: Uint8Array) => new Float32Array(bytes.slice().buffer);

function checkFloats(rows: number, at: (i: number) => Uint8Array, dimensions: number): void {
  for (let i = 0; i < rows; i++) rethrown(() => vectorFrom("vectors", floatsOf(at(i)), dimensions, i));
}

/** Bits after the last dimension are 0: they would count as differing. */
function checkBits(rows: number, at: (i: number) => Uint8Array, dimensions: number): void {
  const after = 0xff >> (dimensions % 8 || 8);
  for (let i = 0; i < rows; i++)
    if ((at(i).at(-1)! & after) !== 0) throw fail("expected codes with zeros after the last dimension");
}

function settingsOf(file: OpenTensorFile): IndexSettings {
  const kind = file.metadata.get("format");
  if (kind !== KIND)
    throw fail(`expected a file that \`SearchIndex.save\` has written, got one of format ${excerpt(kind)}`);
  const { version, dimensions, format, similarity, metadata } = parseJsonObject(
    file.metadata.get("index") ?? "",
    fail,
    {
      loneSurrogates: true,
    },
  );
  if (version !== VERSION)
    throw fail(`expected version ${VERSION}, got ${excerpt(version)}; a newer lowrank may read it`);
  const isKnown =
    Number.isSafeInteger(dimensions) &&
    (dimensions as number) >= 1 &&
    (dimensions as number) <= MOST_DIMENSIONS &&
    ["float32", "int8", "binary"].includes(format as string) &&
    ["cosine", "dot"].includes(similarity as string) &&
    isJsonObject(metadata!) &&
    Object.values(metadata).every((text) => typeof text === "string");
  if (!isKnown)
    throw fail(`expected dimensions, format, similarity and metadata, got ${excerpt(file.metadata.get("index"))}`);
  return { dimensions, format, similarity, metadata } as unknown as IndexSettings;
}

/** Largest length of vectors. */
export const MOST_DIMENSIONS = 65_536;

/** The shape of a tensor. Throws `FormatError` unless it has that type and those lengths; null is any length. */
function shapeOf(
  file: OpenTensorFile,
  name: string,
  dtype: string,
  lengths: readonly (number | null)[],
): readonly number[] {
  const info = file.has(name) ? file.info(name) : undefined;
  const fits =
    info?.dtype === dtype &&
    info.shape.length === lengths.length &&
    lengths.every((length, i) => length === null || length === info.shape[i]);
  if (fits && Number.isSafeInteger(byteLength(info.dtype, info.shape))) return info.shape;
  const expected = lengths.map((length) => length ?? "n").join(", ");
  throw fail(`expected a tensor ${name} [${expected}] of ${dtype}, got ${excerpt(info ?? "none")}`);
}

function checkedIds(bytes: Uint8Array, count: number): VectorId[] {
  const ids = parseJson(bytes, fail, { loneSurrogates: true });
  if (!Array.isArray(ids) || ids.length !== count) throw fail(`expected ids to be a list of ${count}`);
  return rethrown(() => takeIds("ids", ids as VectorId[]));
}

/** Runs checks of a caller's values on those of a file. */
function rethrown<T>(check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
}
