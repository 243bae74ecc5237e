import { expect, it } from "vitest";
import * as federated from "../../../../packages/flower/src/index-node.js";
import { bare, named, refusals } from "../refusals.js";
import { federatedCalls } from "./calls.js";

it("has every function of the entry", () => {
  const names = Object.entries(federated).filter(([, value]) => !(value.prototype instanceof Error));
  expect(names.map(([name]) => name).sort()).toEqual(Object.keys(federatedCalls).sort());
});

it("right options are taken, and end with the server that is not there", async () => {
  const { args, run } = federatedCalls.joinFederation[0]!;
  await expect(run(undefined, args()[0])).rejects.toThrow(federated.FederationError);
});

it.each(named(federatedCalls))(
  "%s throws a short error of ours, whatever comes",
  { timeout: 120_000 },
  async (_, call) => {
    expect(await refusals(bare, call)).toEqual([]);
  },
);
