import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { RunningSha256 } from "../../ts/io/sha256.js";

const nodes = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it("hashes any bytes as Node does, however they are cut", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const hash = new RunningSha256();
      for (const part of parts) hash.add(part);
      expect(hash.hex()).toBe(nodes(Buffer.concat(parts)));
    }),
  );
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    expect(new RunningSha256().add(bytes).hex()).toBe(nodes(bytes));
  }
});
