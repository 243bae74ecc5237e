/**
 * Gives the memory of an array back that nothing reads any more, where the runtime can: collectors count buffers so late that an edge
 * worker would have let go of 64 MB first. The array must fill its buffer, and be the caller's own.
 */
export function giveBack({ buffer }: Float32Array | Uint8Array): void {
  (buffer as { transfer?: (length: number) => ArrayBuffer }).transfer?.(0);
}
