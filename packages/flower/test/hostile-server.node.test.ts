// @rest services
import { afterAll, beforeAll, expect, it } from "vitest";
import { FederationError } from "../src/federation-error.js";
import { joinBy } from "../src/join-federation.js";
import { packNpy } from "../src/objects/npy.js";
import { classModels } from "../src/rounds/class-models.js";
import { SharedAdapter } from "../src/rounds/shared-adapter.js";
import { SentenceEncoder } from "../../../ts/models/sentence/sentence-encoder.js";
import { TextClassifier } from "../../../ts/tasks/classify/text-classifier.js";
import { VERSION } from "../../../ts/version.js";
import { examples, tinyEncoder } from "../../../test/models/tiny-encoder.js";
import { FalseServer, type Question } from "./false-server.js";

let encoder: SentenceEncoder;
let sensible: Question;
beforeAll(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder());
  const labels = [...new Set(examples.map(({ label }) => label))];
  const task = { task: "classify", taskSettings: {} };
  const shape = { ...task, labels, rank: 2, alpha: 4, targetModules: null, rslora: false, dropout: 0, seed: 0 };
  const shared = await SharedAdapter.of(
    classModels({ TextClassifier, encoder, examples, validation: [], adapter: "shared", signal: undefined }),
    shape,
  );
  const { fingerprint, maxTokens } = shared.encoder;
  const config = {
    "lowrank-format": 1,
    "lowrank-version": VERSION,
    encoder: fingerprint,
    "max-tokens": maxTokens,
    labels: JSON.stringify(labels),
    rank: 2,
    alpha: 4,
    "target-modules": "null",
    rslora: false,
    dropout: 0,
    seed: 0,
    "shared-a": shared.sharedA,
    round: 1,
    rounds: 1,
    "freeze-a": true,
    "fit-head": false,
    epochs: 1,
    "batch-size": 4,
    "learning-rate": 1e-3,
    "weight-decay": 0.01,
    "max-grad-norm": 1,
    private: false,
    evaluate: false,
  };
  const arrays = shared.arraysOf(shared.files, true);
  sensible = { config, arrays: new Map([...arrays].map(([name, tensor]) => [name, packNpy(tensor)])) };
});
afterAll(() => encoder?.dispose());

/** What a node makes of a server, which is asked for more details afterwards. */
async function joined(changed: Partial<Question> = {}) {
  const server = await FalseServer.of({ ...sensible, ...changed });
  const options = { server: "http://flower.test", encoder, TextClassifier, examples };
  const outcome = await joinBy(options, server.transport).catch((error: unknown) => error);
  return { outcome, server };
}

/** One array in place of the first. */
const withFirst = (change: (bytes: Uint8Array) => Uint8Array) => ({
  arrays: new Map([...sensible.arrays].map(([name, bytes], i) => [name, i === 0 ? change(bytes) : bytes])),
});
const withConfig = (changed: Question["config"]) => ({ config: { ...sensible.config, ...changed } });

it("a server that answers every call with nothing is none", async () => {
  const { outcome, server } = await joined({ answer: () => new Uint8Array(0) });
  expect(outcome).toBeInstanceOf(FederationError);
  expect(String(outcome)).toContain("the server gave this node no id: is this the address of a SuperLink?");
  expect(server.calls.has("pull-messages")).toBe(false);
});

it("a round of a server that keeps to the rules is answered", async () => {
  const { outcome, server } = await joined();
  expect(outcome).toMatchObject({ rounds: 1 });
  expect(server.calls.get("confirm-message-received")).toBe(1);
  expect(server.reasons).toEqual([]);
});

it("what makes no sense ends in an error by name, of which the server is told, and leaves the encoder as it was", async () => {
  const wrong: Record<string, [Partial<Question>, RegExp]> = {
    "a number that is none": [withFirst((bytes) => bytes.with(-1, 0x7f).with(-2, 0xc0)), /has NaN|has Infinity/],
    "a cut array": [withFirst((bytes) => bytes.subarray(0, -4)), /bytes for/],
    "another shape": [withFirst(() => packNpy({ shape: [1], data: Float32Array.of(1) })), /is \[1\]/],
    "no array": [{ arrays: new Map([...sensible.arrays].slice(1)) }, /it lacks/],
    "an array too many": [
      { arrays: new Map([...sensible.arrays, ["x", packNpy({ shape: [0], data: new Float32Array() })]]) },
      /it has x/,
    ],
    "cut settings": [
      { body: (type, body) => (type === "ConfigRecord" ? body.subarray(0, -3) : body) },
      /sent damaged settings/,
    ],
    "settings of a gigantic length": [
      { body: (type, body) => (type === "ConfigRecord" ? Uint8Array.of(10, 255, 255, 255, 255, 7) : body) },
      /sent damaged settings/,
    ],
    "another question": [{ type: "query" }, /asks for query/],
    "modules that are none": [withConfig({ "target-modules": '["none.such"]' }), /none\.such/],
    "modules that no expression can be read from": [
      withConfig({ "target-modules": '"["' }),
      /the server's settings: .*is not a regular expression/,
    ],
    "an expression that is not supported": [
      withConfig({ "target-modules": '"(a)\\\\1"' }),
      /the server's settings: .*back-reference/,
    ],
    "a setting that this node does not have": [
      withConfig({ "task-settings": '{"labelSmoothing":0.1}' }),
      /task-settings have "labelSmoothing".*join with `job`/,
    ],
    "labels of one name": [withConfig({ labels: '["good","good","bad"]' }), /good/],
    "another A": [withConfig({ seed: 1 }), /A matrices of the server's app differ/],
    "a seed without an end": [withConfig({ seed: Number.MAX_SAFE_INTEGER }), /seed/],
  };
  for (const [name, [changed, message]] of Object.entries(wrong)) {
    const { outcome, server } = await joined(changed);
    expect(outcome, name).toBeInstanceOf(FederationError);
    expect((outcome as Error).message, name).toMatch(message);
    expect(server.reasons, name).toHaveLength(1);
    expect(server.calls.get("deactivate-node"), name).toBe(1);
    expect(encoder.adapters(), name).toEqual([]);
  }
});

it("no more is fetched than the adapter's settings make of it", async () => {
  const huge = { shape: [2 ** 22], data: new Float32Array(2 ** 22) };
  const { outcome, server } = await joined(withFirst(() => packNpy(huge)));
  expect(outcome).toBeInstanceOf(FederationError);
  expect(server.calls.has("confirm-message-received")).toBe(false);
  // Settings that are refused: none of the arrays.
  const refused = await joined({ ...withFirst(() => packNpy(huge)), ...withConfig({ "shared-a": "other" }) });
  expect(refused.outcome).toBeInstanceOf(FederationError);
  expect(refused.server.sent).toBeLessThan(10_000);
});

it("answers that are no message of Flower's are refused, however long they claim to be", async () => {
  const deep = Uint8Array.from({ length: 60_000 }, (_, i) =>
    i % 4 === 0 ? 26 : i % 4 === 1 ? 255 : i % 4 === 2 ? 255 : 3,
  );
  for (const bytes of [Uint8Array.of(18, 255, 255, 255, 255, 15), Uint8Array.of(18, 5, 1), deep]) {
    const { outcome, server } = await joined({ answer: (path) => (path === "pull-messages" ? bytes : null) });
    expect(outcome).toBeInstanceOf(FederationError);
    expect((outcome as Error).message).toMatch(/not a Flower message/);
    expect(server.calls.get("deactivate-node")).toBe(1);
  }
});

it("a part of an answer is sent once, however often it is asked for", async () => {
  const once = (await joined()).server.calls.get("push-object");
  const { outcome, server } = await joined({ repeats: 50 });
  expect(outcome).toMatchObject({ rounds: 1 });
  expect(server.calls.get("push-object")).toBe(once);
});

it("a server that was started again learns of a node once more, and one that never knows it is left", async () => {
  let pulls = 0;
  const restarted = await joined({
    answer: (path) => (path !== "pull-messages" ? null : ([new Uint8Array(), 401][pulls++] ?? null)),
  });
  expect(restarted.outcome).toMatchObject({ rounds: 1 });
  expect(restarted.server.calls.get("register-node")).toBe(2);
  const never = await joined({ answer: (path) => (path === "pull-messages" ? 401 : null) });
  expect(never.outcome).toBeInstanceOf(FederationError);
  expect(never.server.calls.get("register-node")).toBe(1);
});

it("a node whose connection broke while it was asked joins again: a server asks once, and would wait for it", async () => {
  let [registered, pulls] = [0, 0];
  const { outcome, server } = await joined({
    answer: (path) => {
      if (path === "register-node") registered++;
      if (path !== "pull-messages" || registered > 1) return null;
      if (pulls++ === 1) throw new TypeError("network error");
      return new Uint8Array();
    },
  });
  expect(outcome).toMatchObject({ rounds: 1 });
  expect(server.calls.get("register-node")).toBe(2);
  expect(server.calls.get("unregister-node")).toBe(2);
});
