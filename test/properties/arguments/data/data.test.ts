import { expect, it } from "vitest";
import { metrics, readSafetensors, tensor, writeSafetensors } from "../../../../ts/index.js";
import { bare, named, refusals } from "../refusals.js";
import { dataCalls } from "./calls.js";

it.each(named(dataCalls))("%s takes what is right", async (_, { args, run }) => {
  await run(undefined, ...args());
});

it.each(named(dataCalls))("%s does its work, or throws a short error of ours, whatever comes", async (_, call) => {
  expect(await refusals(bare, call)).toEqual([]);
});

it("a list that only claims to be long takes no time, wherever it stands among others", async () => {
  const gaps = (first: unknown) => Object.assign(Array<never>(2 ** 32 - 1), { 0: first as never });
  await expect(metrics(gaps(Float32Array.of(1)), gaps(0), 1)).rejects.toThrow("row 1 must be a Float32Array");
  expect(() => writeSafetensors(gaps(["a", tensor([1], [1])]))).toThrow("tensors by name");
});

it("an array of pairs is written as a record is", () => {
  const a = tensor([2], [1, 2]);
  expect(writeSafetensors([["a", a]])).toEqual(writeSafetensors({ a }));
  expect(readSafetensors(writeSafetensors(new Map([["a", a]]), new Map([["b", "c"]]))).metadata.get("b")).toBe("c");
});
