import { strFromU8 } from "fflate";

// fflate does not verify the checksums in an archive's directory.

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/** CRC-32 values by path, from the archive's directory; empty for zip64 archives. */
function listed(bytes: Uint8Array): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sums = new Map<string, number>();
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) return sums;
  for (let at = view.getUint32(end + 16, true); at + 46 <= end && view.getUint32(at, true) === ENTRY;) {
    const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true)) as [
      number,
      number,
      number,
    ];
    const isUtf8 = (view.getUint16(at + 8, true) & 2048) !== 0;
    sums.set(strFromU8(bytes.subarray(at + 46, at + 46 + name), !isUtf8), view.getUint32(at + 16, true));
    at += 46 + name + extra + comment;
  }
  return sums;
}

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) sum = table[(sum ^ byte) & 255]! ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** The path of the first file with a wrong checksum; null if all are correct. */
export function damagedIn(archive: Uint8Array, files: Readonly<Record<string, Uint8Array>>): string | null {
  const sums = listed(archive);
  const isDamaged = ([path, bytes]: [string, Uint8Array]) => sums.has(path) && sums.get(path) !== crc32(bytes);
  return Object.entries(files).find(isDamaged)?.[0] ?? null;
}
