/** Characters that represent themselves in a byte-level vocabulary; the others follow from 256 on. */
const isOwn = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

let byteOf: ReadonlyMap<string, number> | undefined;

/** Bytes by the characters that spell them in a byte-level vocabulary. */
export function bytesByCharacter(): ReadonlyMap<string, number> {
  if (byteOf !== undefined) return byteOf;
  const made = new Map<string, number>();
  let others = 256;
  for (let byte = 0; byte < 256; byte++) made.set(String.fromCharCode(isOwn(byte) ? byte : others++), byte);
  return (byteOf = made);
}
