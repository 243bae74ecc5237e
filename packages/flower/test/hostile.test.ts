import { expect, it } from "vitest";
import { create } from "@bufbuild/protobuf";
import { FederationError } from "../src/federation-error.js";
import { type ConfigValue, Incoming } from "../src/objects/incoming.js";
import { packNpy, unpackNpy } from "../src/objects/npy.js";
import { packObject } from "../src/objects/object-head.js";
import { Outgoing } from "../src/objects/outgoing.js";
import { takeRoundSettings } from "../src/rounds/round-settings.js";
import { MetadataSchema } from "../src/wire/fleet_pb.js";
import { VERSION } from "../../../ts/version.js";

const tensor = { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, 6) };

const sensible: Readonly<Record<string, ConfigValue>> = {
  "lowrank-format": 1,
  "lowrank-version": VERSION,
  encoder: "0",
  "max-tokens": 128,
  labels: '["no","yes"]',
  rank: 8,
  alpha: 16,
  "target-modules": "null",
  rslora: false,
  dropout: 0,
  seed: 0,
  "shared-a": "0",
  round: 1,
  rounds: 5,
  "freeze-a": true,
  "fit-head": true,
  epochs: 1,
  "batch-size": 16,
  "learning-rate": 1e-3,
  "weight-decay": 0.01,
  "max-grad-norm": 0,
  private: false,
  evaluate: false,
};
const settings = (changed: Readonly<Record<string, ConfigValue>> = {}) =>
  takeRoundSettings(new Map(Object.entries({ ...sensible, ...changed })));

it("takes settings that make sense, and refuses others by name", () => {
  expect(settings()).toMatchObject({ labels: ["no", "yes"], targetModules: null, maxGradNorm: null, rank: 8 });
  const wrong: Record<string, ConfigValue[]> = {
    "lowrank-format": [2, "1", true],
    "lowrank-version": ["99.0.0", 1, ""],
    "max-tokens": [1, -1, 1.5, "many"],
    labels: ["", "[]", '["one"]', '["a",2]', "{}", "[".repeat(1e5)],
    rank: [0, 1e9, NaN],
    alpha: [0, -1, NaN, Infinity],
    "target-modules": ["7", "[7]", "x", JSON.stringify(Array.from({ length: 10_001 }, (_, i) => `m${i}`))],
    dropout: [1, -0.1],
    seed: [-1, 0.5],
    round: [0, 6, 2 ** 60],
    epochs: [0, 1e9, NaN],
    "batch-size": [0, 1e9],
    "learning-rate": [-1, 2, NaN],
    "freeze-a": [1, "true"],
  };
  for (const [name, values] of Object.entries(wrong))
    for (const value of values)
      expect(() => settings({ [name]: value }), `${name} ${String(value)}`.slice(0, 60)).toThrow(FederationError);
  for (const name of Object.keys(sensible)) {
    const { [name]: _, ...others } = sensible;
    expect(() => takeRoundSettings(new Map(Object.entries(others))), name).toThrow(FederationError);
  }
});

it("reads arrays as numpy writes them, and refuses other shapes, sizes, types and numbers that are not finite", () => {
  const bytes = packNpy(tensor);
  expect(unpackNpy(bytes, "x", [2, 3])).toEqual(tensor);
  expect(unpackNpy(packNpy({ shape: [6], data: tensor.data }), "x", [6]).shape).toEqual([6]);
  for (const shape of [[3, 2], [6], [2, 3, 1], []]) expect(() => unpackNpy(bytes, "x", shape)).toThrow(/x is \[2, 3\]/);
  for (let end = 0; end < bytes.length; end++)
    expect(() => unpackNpy(bytes.slice(0, end), "x", [2, 3])).toThrow(FederationError);
  for (const value of [NaN, Infinity, -Infinity]) {
    const data = tensor.data.slice();
    data[4] = value;
    expect(() => unpackNpy(packNpy({ ...tensor, data }), "x", [2, 3])).toThrow(/at 4/);
  }
  const other = new TextDecoder("latin1").decode(bytes).replace("<f4", "<f8");
  expect(() =>
    unpackNpy(
      Uint8Array.from(other, (letter) => letter.charCodeAt(0)),
      "x",
      [2, 3],
    ),
  ).toThrow(FederationError);
});

it("refuses messages that are damaged, put together otherwise, or too large", async () => {
  const outgoing = new Outgoing();
  const reply = {
    arrays: new Map([["lora_B", tensor]]),
    metrics: new Map([
      ["loss", 0.5],
      ["num-examples", 3],
    ]),
  };
  const tree = await outgoing.reply(reply, create(MetadataSchema, { runId: 1n }));
  const read = (objects: ReadonlyMap<string, Uint8Array>) =>
    new Incoming((id) => Promise.resolve(objects.get(id) ?? new Uint8Array())).content(tree.objectId);
  // A node's own answer has metrics where a server's question has settings.
  await expect(read(outgoing.objects)).rejects.toThrow(/arrays, metrics, expected "arrays" and "config"/);
  for (const id of [tree.objectId, tree.children[0]!.objectId]) {
    const damaged = new Map(outgoing.objects);
    damaged.set(
      id,
      outgoing.objects.get(id)!.map((byte, i) => (i === 30 ? byte ^ 1 : byte)),
    );
    await expect(read(damaged)).rejects.toThrow(/SHA-256 is not its id/);
    const others = new Map(outgoing.objects).set(
      id,
      packObject({ type: "Array", children: [], body: new Uint8Array(3) }),
    );
    await expect(read(others)).rejects.toThrow(FederationError);
  }
});
