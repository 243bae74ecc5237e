/** The same archive, each of whose entries says that it has 600 MB when it is unpacked. */
export function sayingLarge(zip: Uint8Array): Uint8Array {
  const bytes = zip.slice();
  const view = new DataView(bytes.buffer);
  // Entries of the central directory begin with PK 1 2.
  for (let at = 0; at + 28 <= bytes.length; at++)
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 600e6, true);
  return bytes;
}
