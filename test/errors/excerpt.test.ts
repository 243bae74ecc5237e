import { describe, expect, it } from "vitest";
import { LowrankError, withDetails } from "../../ts/errors/errors.js";
import { brief, clip, excerpt } from "../../ts/errors/excerpt.js";

describe("excerpt", () => {
  it.each<[unknown, string]>([
    [{ a: [1, "x", null, true], b: { c: {} } }, '{"a":[1,"x",null,true],"b":{"c":{}}}'],
    ['a "quote"\n', '"a \\"quote\\"\\n"'],
    [undefined, "undefined"],
    [NaN, "NaN"],
    [3n, "3"],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "a function"],
    [new Float32Array(3), "Float32Array of 12 bytes"],
    [new Map(), "Map"],
    [Object.create(null), "{}"],
  ])("prints %o", (value, text) => expect(excerpt(value)).toBe(text));

  const cyclic: unknown[] = [];
  cyclic.push(cyclic, cyclic);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const huge: Record<string, unknown> = {
    string: "x".repeat(3e6),
    "string of escapes": "\u0000".repeat(3e6),
    list: Array.from({ length: 1e6 }, (_, i) => i),
    nested: JSON.parse("[".repeat(20_000) + "]".repeat(20_000)),
    "wide and nested": Array.from({ length: 1000 }, () => Array.from({ length: 1000 }, () => ["x".repeat(1000)])),
    key: { ["k".repeat(1e6)]: 1 },
    bigint: 10n ** 2000n,
    symbol: Symbol("x".repeat(1e6)),
    cyclic,
  };
  it.each(Object.keys(huge))("clips a huge %s", (name) => {
    expect(excerpt(huge[name]).length).toBeLessThanOrEqual(260);
    expect(brief(huge[name])).not.toBe(undefined);
  });

  it.each<[string, unknown]>([
    [
      "a getter",
      {
        get a() {
          throw new Error("no");
        },
      },
    ],
    ["a revoked proxy", proxy],
    [
      "a tag",
      {
        get [Symbol.toStringTag]() {
          throw new Error("no");
        },
        __proto__: class {}.prototype,
      },
    ],
  ])("survives %s that throws", (_, value) => expect(excerpt(value)).toBe("a value that cannot be read"));

  it("does not call toJSON", () => {
    expect(
      excerpt({
        a: 1,
        toJSON: () => {
          throw new Error("no");
        },
      }),
    ).toBe('{"a":1,"toJSON":a function}');
  });
});

describe("clip", () => {
  it("cuts between characters and says how many there were", () => {
    expect(clip("short", 5)).toBe("short");
    expect(clip("abcdef", 3)).toBe("abc… (6 characters)");
    expect(clip("ab\u{1f600}cd", 3)).toBe("ab… (6 characters)");
  });
});

describe("an error", () => {
  it("keeps copies of lists, which may be a tensor's shape", () => {
    const shape = [2, 3];
    const error = new LowrankError("X", "", { shapes: [shape] });
    (error.details["shapes"] as number[][])[0]![0] = 9;
    expect(shape).toEqual([2, 3]);
  });

  it("takes what its catcher knows, and keeps what it holds", () => {
    const error = new LowrankError("X", "", { op: "add", dim: 1 });
    expect(withDetails(error, { op: "sum", shapes: [[2]] })).toBe(error);
    expect(error.details).toEqual({ op: "add", dim: 1, shapes: [[2]] });
    const other = new Error("another's");
    expect(withDetails(other, { op: "sum" })).toBe(other);
    expect(other).not.toHaveProperty("details");
  });

  it("keeps neither a long message nor large details", () => {
    const small = ["a", { b: 1 }];
    const error = new LowrankError("X", "m".repeat(3e6), { small, text: "x".repeat(3e6), list: Array(1e6).fill(7) });
    expect(error.message.length).toBeLessThan(2_000);
    expect(error.details["small"]).toEqual(small);
    expect(JSON.stringify(error.details).length).toBeLessThan(2_000);
  });
});
