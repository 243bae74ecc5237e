import Ajv from "ajv";
import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesIn, constraintMaker, vocabularies, walked } from "../tokenizers.js";

type Schema = Record<string, unknown>;

const names = fc.uniqueArray(fc.constantFrom("a", "b", "name", "é", 'q"', "ab"), { maxLength: 4 });
const bounds = (least: string, most: string, from: number) =>
  fc.tuple(fc.integer({ min: from, max: 12 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 })).map(
    ([low, more, which]): Schema => ({ ...(which > 0 ? { [least]: low } : {}), ...(which < 2 ? { [most]: low + more } : {}) }),
  ); // prettier-ignore
const patterns = fc.constantFrom("^[a-c]{1,3}$", "\\d", "^x|y$", "é+", '^"?\\\\$');

/** Schemas whose texts are short enough to be found by chance. */
const { schema: schemas } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<Schema>({ type: "null" }, { type: "boolean" }, { type: ["integer", "null"] }, { enum: ["a", 'b"', 2, { c: [] }] }, { const: -1.5 }),
    bounds("minLength", "maxLength", 0).map((own): Schema => ({ type: "string", ...own })),
    patterns.map((pattern): Schema => ({ type: "string", pattern, maxLength: 9 })),
    fc.tuple(patterns, fc.constantFrom("[\\\\0-3a-cyxé]$", "^[^b]", "^.[^x]*$")).map(([one, pattern]): Schema => ({ allOf: [{ pattern: one }, { pattern }], type: "string", maxLength: 9 })),
    fc.constantFrom("date", "time", "date-time", "uuid", "email", "hostname", "ipv4", "ipv6", "uri").map((format): Schema => ({ type: "string", format })),
    bounds("minimum", "maximum", -12).map((own): Schema => ({ type: "integer", ...own })),
    bounds("exclusiveMinimum", "maximum", -12).map((own): Schema => ({ type: "number", ...own, maximum: 30.25 })),
    fc.tuple(tie("schema"), bounds("minItems", "maxItems", 0)).map(([items, own]): Schema => ({ type: "array", items, ...own, maxItems: (own["minItems"] as number ?? 0) + 1 })),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf): Schema => ({ anyOf })),
    fc.tuple(names, fc.array(tie("schema"), { minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 4 }), fc.boolean()).map(
      ([own, values, required, more]): Schema => ({
        type: "object",
        properties: Object.fromEntries(own.map((name, i) => [name, values[i]])),
        required: own.slice(0, required),
        additionalProperties: more ? { type: "integer" } : false,
      }),
    ),
  ),
})); // prettier-ignore

it("any walk through the allowed tokens ends in a text that a validator accepts", async () => {
  const make = await constraintMaker("gemma2");
  const ajv = new Ajv({ unicode: true });
  let ended = 0;
  fc.assert(
    fc.property(schemas, fc.boolean(), fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (schema, whole, numbers) => {
      const random = () => numbers.next().value as number;
      const text = whole ? make({ schema }).begin() : bytesIn({ schema });
      const { end } = whole ? vocabularies.gemma2 : { end: 256 };
      const found = walked(text, end, random, (id) => text.bytesOf(id));
      if (found === null) return;
      ended++;
      const isValid = ajv.validate(schema, JSON.parse(found));
      expect([found, schema, isValid ? null : ajv.errorsText()]).toEqual([found, schema, null]);
    }),
    { numRuns: 300 },
  ); // prettier-ignore
  expect(ended).toBeGreaterThan(150);
});
