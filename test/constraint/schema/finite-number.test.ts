import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GREATEST } from "../../../ts/constraint/schema/digits.js";
import { bytesIn, fits } from "../tokenizers.js";

const number = { schema: { type: "number" } };
const digits = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: least, maxLength: most });
/** Beginnings of the greatest number, perhaps with another digit behind them. */
const nearGreatest = (most: number) =>
  fc.tuple(fc.integer({ min: 0, max: most }), digits(0, 3)).map(([length, more]) => GREATEST.slice(0, length) + more);
const whole = (most: number) =>
  fc
    .oneof(nearGreatest(most), digits(1, 20), digits(1, most))
    .map((text) => text.slice(0, most).replace(/^0+/, "") || "0");
const behind = fc.oneof(
  fc.constant(""),
  digits(1, 20).map((text) => `.${text}`),
  fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 309 }), digits(1, 3)).map(
    ([zeros, length, more]) => `.${"0".repeat(zeros)}${GREATEST.slice(0, length)}${more}`,
  ),
  // The other digits of the greatest number.
  fc.tuple(fc.integer({ min: 1, max: 21 }), fc.constantFrom("", "0", "9")).map(([from, more]) => `.${GREATEST.slice(from)}${more}`),
); // prettier-ignore
const exponent = (least: number, most: number) =>
  fc
    .tuple(fc.constantFrom("e", "E"), fc.integer({ min: least, max: most }), fc.constantFrom("", "0", "00"), fc.boolean())
    .map(([e, value, zeros, plus]) => `${e}${value < 0 ? "-" : plus ? "+" : ""}${zeros}${Math.abs(value)}`); // prettier-ignore
/** Exponents near those that make numbers with so many digits infinite. */
const nearLimit = (length: number) => exponent(304 - length, 312 - length);

const allows = (text: string) => fits(number, text) === "whole";

describe("a number", () => {
  it("is one that JSON.parse reads as finite, and no other, up to 21 digits before the point", () => {
    const texts = whole(21).chain((before) =>
      fc.tuple(fc.constant(before), behind, fc.oneof(fc.constant(""), nearLimit(before.length), nearLimit(0), exponent(-400, 400))),
    ); // prettier-ignore
    fc.assert(
      fc.property(texts, ([before, fraction, power]) => {
        const text = before + fraction + power;
        expect([text, allows(text)]).toEqual([text, Number.isFinite(JSON.parse(text))]);
        const negative = `-${text}`;
        expect([negative, allows(negative)]).toEqual([negative, Number.isFinite(JSON.parse(text))]);
      }),
      { numRuns: 400 },
    );
  });

  it("is one that JSON.parse reads as finite, and no other, up to 309 digits without an exponent above 0", () => {
    const power = fc.oneof(fc.constant(""), exponent(-999, 0));
    fc.assert(
      fc.property(whole(310), fc.oneof(fc.constant(""), fc.constant(".9")), power, (before, fraction, exponent) => {
        const isOne = before.length < 309 || (before.length === 309 && Number.isFinite(Number(before)));
        expect([before + fraction + exponent, allows(before + fraction + exponent)]).toEqual([before + fraction + exponent, isOne]); // prettier-ignore
      }),
      { numRuns: 100 },
    );
    const above = String(BigInt(GREATEST) + 1n);
    expect([Number(GREATEST), Number(above)]).toEqual([Number.MAX_VALUE, Infinity]);
    for (const schema of [{ type: "number" }, { type: "integer" }, { type: "integer", minimum: 7 }, { minimum: 0.5 }])
      expect([fits({ schema }, GREATEST), fits({ schema }, above)]).toEqual(["whole", "no"]);
  });

  it("has at least the range that JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => allows(JSON.stringify(value))),
      { numRuns: 300 },
    );
    for (const value of [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 1e21, 1e-7, 123456789012345680000])
      expect([value, allows(JSON.stringify(value))]).toEqual([value, true]);
  });

  it("is never infinite on a walk through the allowed bytes, whatever its limits", () => {
    const limits = fc.constantFrom<Record<string, unknown>>({ type: "number" }, { type: "integer" }, { type: "integer", minimum: 3 }, { type: "integer", maximum: -3 }, { type: "number", minimum: 2.5 }, { exclusiveMaximum: 1e300, type: "number" }, { type: "number", minimum: -1 }); // prettier-ignore
    const steps = fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 330, maxLength: 330 });
    fc.assert(
      fc.property(limits, steps, fc.integer({ min: 1, max: 330 }), (schema, choices, least) => {
        const text = bytesIn({ schema });
        let written = "";
        for (const [i, [at, mayEnd]] of choices.entries()) {
          const ids = text.ids();
          if (ids.length === 0 || (i >= least && mayEnd && text.complete)) break;
          // Nines where they are allowed, as often as anything else.
          const id = mayEnd && ids.includes(0x39) ? 0x39 : ids[at % ids.length]!;
          text.take(id);
          written += String.fromCharCode(id);
          if (text.complete) expect([written, Number.isFinite(JSON.parse(written))]).toEqual([written, true]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
