import { expect, it } from "vitest";
import { AdapterError, adapterConfig, type Adapter } from "../../ts/index.js";
import { withTiedBias } from "../../ts/merging/merge-plan.js";

const bias = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const matrix = (rows: number, columns: number) => ({ shape: [rows, columns], data: new Float32Array(rows * columns) });
const layer = { kind: "linear", loraA: matrix(2, 1), loraB: matrix(1, 2), rank: 1, alpha: 1, scaling: 1 } as const;
const query = "bert.encoder.layer.0.attention.self.query";

/** What PEFT writes with bias "all" for a masked language model, whose output's bias has two names. */
const adapterWith = (extra: Readonly<Record<string, ReturnType<typeof bias>>>): Adapter => ({
  config: adapterConfig({ r: 1, loraAlpha: 1, bias: "all", targetModules: ["query"] }),
  layers: new Map([[query, layer]]),
  extra: new Map(Object.entries(extra)),
});
const base = { names: [`${query}.weight`, "cls.predictions.bias"] };

it("a tied output's bias that PEFT writes under both its names is merged once", () => {
  const both = adapterWith({ "cls.predictions.bias": bias(1, 2), "cls.predictions.decoder.bias": bias(1, 2) });
  expect([...withTiedBias(both, base).extra.keys()]).toEqual(["cls.predictions.bias"]);
});

it("of an adapted output it stands under the base's name, and under its own where the base has that", () => {
  const adapted = adapterWith({ "cls.predictions.decoder.base_layer.bias": bias(1, 2) });
  const found = withTiedBias(adapted, base);
  expect([...found.extra]).toEqual([["cls.predictions.bias", bias(1, 2)]]);
  const untied = { names: [...base.names, "cls.predictions.decoder.bias"] };
  expect(withTiedBias(adapted, untied)).toBe(adapted);
});

it("two values for the one bias are refused by name, and others are left alone", () => {
  const differ = adapterWith({ "cls.predictions.bias": bias(1, 2), "cls.predictions.decoder.bias": bias(1, 3) });
  expect(() => withTiedBias(differ, base)).toThrow(AdapterError);
  expect(() => withTiedBias(differ, base)).toThrow(/decoder\.bias and cls\.predictions\.bias are one bias/);
  const other = adapterWith({ "model.decoder.bias": bias(1) });
  expect(withTiedBias(other, base)).toBe(other);
});
