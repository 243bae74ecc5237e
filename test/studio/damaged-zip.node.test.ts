// @needs browser
// @rest studio
import fc from "fast-check";
import { zipSync } from "fflate";
import { expect, it } from "vitest";
import { filesNamed, unzipped, zipped } from "../../web/src/storage/zip.js";

const content = { "lora/adapter_model.safetensors": Uint8Array.from({ length: 2_000 }, (_, i) => (i * i) % 251) };

it("of an archive in which a bit was turned nothing is read as it was not written", async () => {
  const archives = ([0, 6] as const).map((level) => zipSync(content, { level }));
  for (const archive of archives) expect(await unzipped(archive, () => true)).toEqual(content);
  const turned = fc.record({
    archive: fc.constantFrom(...archives),
    at: fc.nat(Math.min(...archives.map(({ length }) => length)) - 1),
    bit: fc.nat(7),
  });
  let refused = 0;
  const property = fc.asyncProperty(turned, async ({ archive, at, bit }) => {
    const bytes = archive.slice();
    bytes[at]! ^= 1 << bit;
    const found = await filesNamed(bytes, ["adapter_model.safetensors"], 1e6).catch(() => null);
    if (found === null) refused++;
    // A path that was turned is no file of that name.
    else expect([{}, { "adapter_model.safetensors": Object.values(content)[0] }]).toContainEqual(found);
  });
  await fc.assert(property, { numRuns: 1_000 });
  expect(refused).toBeGreaterThan(500);
});

it("files larger than a piece are packed with their folders, compressed and as they are, and unpacked", async () => {
  const large = Uint8Array.from({ length: 600_000 }, (_, i) => (i >> 7) % 251);
  const packed = await zipped({ "large.bin": large, empty: new Uint8Array(0), deep: { er: [large, { level: 0 }] } });
  expect(await unzipped(packed, () => true)).toEqual({
    "large.bin": large,
    empty: new Uint8Array(0),
    "deep/er": large,
  });
  expect(packed.length).toBeGreaterThan(600_000);
  expect(packed.length).toBeLessThan(650_000);
});
