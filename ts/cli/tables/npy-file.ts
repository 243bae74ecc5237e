/**
 * Rows of float32 as a NumPy file, version 1.0, shape `[rows, columns]`.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npyFile(rows: readonly Float32Array[], columns: number): Uint8Array {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${columns}), }`;
  const start = 10;
  // The data begin at a multiple of 64 bytes; the header ends with a line feed.
  const length = Math.ceil((start + fields.length + 1) / 64) * 64 - start;
  const header = new TextEncoder().encode(`${fields.padEnd(length - 1)}\n`);
  const file = new Uint8Array(start + length + 4 * rows.length * columns);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(file.buffer);
  view.setUint16(8, length, true);
  file.set(header, start);
  let position = start + length;
  for (const row of rows) for (const value of row) position = writeFloat(view, position, value);
  return file;
}

function writeFloat(view: DataView, position: number, value: number): number {
  view.setFloat32(position, value, true);
  return position + 4;
}
