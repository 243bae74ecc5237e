/**
 * Frees the memory of an array that nothing reads any more, if the runtime can: garbage collectors notice buffers so late that an edge
 * worker would first use 64 MB. The array must fill its buffer and belong to the caller.
 */
export function giveBack({ buffer }: Float32Array | Uint8Array): void {
  (buffer as { transfer?: (length: number) => ArrayBuffer }).transfer?.(0);
}
