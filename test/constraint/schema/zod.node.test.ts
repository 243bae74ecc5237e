import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod/v4";
import { bytesIn, walked } from "../tokenizers.js";

const schemas = {
  email: z.email(),
  "email with a length": z.email().max(40),
  uuid: z.uuid(),
  date: z.iso.date(),
  "date and time": z.iso.datetime(),
  duration: z.iso.duration(),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  ulid: z.ulid(),
  beginning: z.string().startsWith("ab").max(8),
  "beginning and end": z
    .string()
    .startsWith("a")
    .endsWith("b")
    .regex(/^[ -~]*$/)
    .max(8),
  object: z.object({ mail: z.email().nullish(), at: z.array(z.iso.date()).max(2), kind: z.literal(["a", 1]) }),
};

describe("every answer is one that zod accepts, of a schema that it writes for", () => {
  it.each(Object.entries(schemas))("%s", (_, schema) => {
    const written = z.toJSONSchema(schema, { target: "draft-7" });
    let ended = 0;
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (numbers) => {
        const text = bytesIn({ schema: written });
        const found = walked(text, 256, () => numbers.next().value as number, (id) => text.bytesOf(id)); // prettier-ignore
        if (found === null) return;
        ended++;
        // JSON Schema counts characters, zod UTF-16 units.
        const inUnits = found.replace(/[\u{10000}-\u{10ffff}]/gu, "é");
        expect([found, schema.safeParse(JSON.parse(inUnits)).success]).toEqual([found, true]);
      }),
      { numRuns: 20 },
    );
    expect(ended).toBeGreaterThan(5);
  });
});
