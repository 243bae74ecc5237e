import type { Call, Crossing } from "../protocol/scope.js";
import { madeFrom, type MadeKind } from "../../io/made-from.js";

export const call = (takes: Call["takes"], gives: Crossing): Call => ({ takes, gives });

export const lasting = (takes: Call["takes"], gives: Crossing): Call => ({ takes, gives, lasting: true });

/** Sent as it is: `postMessage` copies it. */
export const data: Crossing = { pack: (value) => value, unpack: (wire) => wire };

/** The crossing of no result. */
export const nothing: Crossing = { pack: () => undefined, unpack: () => undefined };

/** Data whose arrays belong to nobody else: they are transferred instead of copied. */
export const handedOver: Crossing = {
  pack(value, scope) {
    collect(value, scope.transfer);
    return value;
  },
  unpack: (wire) => wire,
};

const DEEPEST = 4;

/** Collects the buffers of arrays that cover their whole buffer. */
function collect(value: unknown, into: Transferable[], depth = 0): void {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteLength } = value;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0) into.push(buffer);
    return;
  }
  for (const item of Array.isArray(value) ? value : Object.values(value)) collect(item, into, depth + 1);
}

/** Null as it is, other values by `crossing`. */
export const orNull = (crossing: Crossing): Crossing => ({
  pack: (value, scope, name) => (value == null ? null : { there: crossing.pack(value, scope, name) }),
  unpack: (wire, scope, name) =>
    wire === null ? null : crossing.unpack((wire as { there: unknown }).there, scope, name),
});

/** Packs by the first crossing if a value fits, else by the second. */
export const either = (fits: (value: unknown) => boolean, first: Crossing, second: Crossing): Crossing => ({
  pack(value, scope, name) {
    const is = fits(value);
    return { first: is, sent: (is ? first : second).pack(value, scope, name) };
  },
  unpack(wire, scope, name) {
    const { first: is, sent } = wire as { first: boolean; sent: unknown };
    return (is ? first : second).unpack(sent, scope, name);
  },
});

/** A list of objects, each by `crossing`. Anything but a list is sent as it is, for the call to refuse. */
export const listOf = (crossing: Crossing): Crossing => ({
  pack(value, scope, name) {
    if (!Array.isArray(value)) return { other: value };
    const items: unknown[] = [];
    for (const item of value as unknown[]) {
      items.push(crossing.pack(item, scope, `${name}[${items.length}]`));
      // The first item that is not an object is refused there. A list may have billions of gaps.
      if (typeof item !== "object" || item === null) break;
    }
    return { items };
  },
  unpack(wire, scope, name) {
    const sent = wire as { items?: readonly unknown[]; other?: unknown };
    return sent.items === undefined ? sent.other : sent.items.map((item) => crossing.unpack(item, scope, name));
  },
});

/** Ids of objects that were disposed: disposing of one may dispose of others. */
export const ended: Crossing = {
  pack: (ids) => ids,
  unpack: (ids, scope) => scope.side.objects.forget(ids as readonly number[]),
};

/** An object that lives in the worker; other values are refused before anything is sent. */
export const living = (kind: string): Crossing => ({
  pack: (value, scope, name) => scope.side.objects.pack(kind, value, scope, name),
  unpack: (wire, scope) => scope.side.objects.unpack(kind, wire, scope),
});

interface SentFile {
  readonly file: unknown;
  /** The picked file's path, which not every browser keeps in copies of a file. */
  readonly path: unknown;
}

/** Files that a person picked, each with its path in the folder; other sources of models are sent as they are. */
export const picked: Crossing = {
  pack(value) {
    const isList = typeof value === "object" && value !== null && Symbol.iterator in value;
    if (!isList) return { other: value };
    const files: SentFile[] = [];
    for (const file of value as Iterable<unknown>) {
      files.push({ file, path: (Object(file) as Partial<File>).webkitRelativePath });
      // The first item that is not a file is refused there. A list may have billions of gaps.
      if (typeof file !== "object" || file === null) break;
    }
    return { files };
  },
  unpack(wire) {
    const { files, other } = wire as { readonly files?: readonly SentFile[]; readonly other?: unknown };
    return files === undefined ? other : files.map(withPath);
  },
};

function withPath({ file, path }: SentFile): unknown {
  if (typeof file !== "object" || file === null || typeof path !== "string" || path === "") return file;
  return Object.defineProperty(file, "webkitRelativePath", { value: path });
}

/** A value that the other side recreates from data, so that its bytes stay there. */
export const again = (kind: MadeKind): Crossing => ({
  pack: (value) => madeFrom(kind, value)?.from,
  unpack: (wire, scope) => scope.side.objects.again(kind, wire),
});

/** Packs such values in this way; others by `otherwise`. */
export const againOr = (
  kind: MadeKind,
  otherwise: Crossing,
  fits: (from: unknown, value: unknown) => boolean = () => true,
): Crossing =>
  either(
    (value) => {
      const made = madeFrom(kind, value);
      return made !== null && fits(made.from, value);
    },
    again(kind),
    otherwise,
  );
