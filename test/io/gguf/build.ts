/** Bytes of a GGUF file, part by part, right or wrong. */
const number = (bytes: number, value: bigint) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, value), true);
  return [...new Uint8Array(view.buffer, 0, bytes)];
};

export const u32 = (value: number) => number(4, BigInt(value));
export const u64 = (value: number | bigint) => number(8, BigInt(value));
export const text = (value: string) => {
  const bytes = new TextEncoder().encode(value);
  return [...u64(bytes.length), ...bytes];
};

/** A pair of the metadata, its value of a type by number. */
export const pair = (key: string, type: number, value: readonly number[]) => [...text(key), ...u32(type), ...value];

export interface Tensor {
  readonly name: string;
  /** Innermost first, as the file has them. */
  readonly dimensions: readonly (number | bigint)[];
  readonly type?: number;
  readonly offset?: number | bigint;
}

export const tensor = ({ name, dimensions, type = 0, offset = 0 }: Tensor) => [
  ...text(name),
  ...u32(dimensions.length),
  ...dimensions.flatMap(u64),
  ...u32(type),
  ...u64(offset),
];

export interface Parts {
  readonly version?: number;
  readonly pairs?: readonly (readonly number[])[];
  readonly tensors?: readonly (readonly number[])[];
  readonly counts?: readonly [tensors: number | bigint, pairs: number | bigint];
  /** Bytes behind the header, which is filled up to a multiple of 32. */
  readonly data?: number;
}

export function gguf({ version = 3, pairs = [], tensors = [], counts, data = 0 }: Parts): Uint8Array<ArrayBuffer> {
  const [tensorCount, pairCount] = counts ?? [tensors.length, pairs.length];
  const start = [0x47, 0x47, 0x55, 0x46, ...u32(version), ...u64(tensorCount), ...u64(pairCount)];
  const header = [start, ...pairs, ...tensors];
  const length = header.reduce((sum, part) => sum + part.length, 0);
  const file = new Uint8Array(Math.ceil(length / 32) * 32 + data);
  let at = 0;
  for (const part of header) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
