import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packed } from "./consumer.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowrank-tarball-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

// What takes the space of the package, compressed: four binaries 530 kB, the scripts of a page's worker 390, `inline.js` 260, the example data 250.
// The Studio has a copy of the library, and 279 kB (961 unpacked) that recognise the language of texts.
// Bounds stand up to 10 % above what was measured.
it.each([
  [".", 2_990_000, 9_050_000],
  ["packages/flower", 50_000, 200_000],
  ["packages/queue", 40_000, 150_000],
  ["web", 3_170_000, 9_700_000],
])("the tarball of %s is at most %i bytes, unpacked %i", (of, most, mostUnpacked) => {
  const { files, size, unpackedSize } = packed(folder, of);
  expect(files.length).toBeGreaterThan(5);
  expect(size).toBeLessThanOrEqual(most);
  expect(unpackedSize).toBeLessThanOrEqual(mostUnpacked);
  expect(files.filter((path) => path.endsWith(".map"))).toEqual([]);
});
