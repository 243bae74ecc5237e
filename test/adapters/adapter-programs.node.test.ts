import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ConfigError, engineInfo, SentenceEncoder, TextClassifier } from "../../ts/index.js";
import type { FileMap } from "../../ts/io/file-access.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const lora = { rank: 2, targetModules: ["query", "value"], initLoraWeights: false } as const;
const texts = examples.slice(0, 3).map(({ text }) => text);
const names = ["a", "b", "c"] as const;
const factors = [0, 0.5, 1, -2] as const;
const VALUES = 3;
const training = { steps: 2, batchSize: 4, seed: 5 };
const trained = { labels: ["bad", "good"], lora: { rank: 2, targetModules: ["query", "value"] }, adapter: "trained" };

type Vectors = readonly Float32Array[];
let encoder: SentenceEncoder;
let [before, loaded] = [0, 0];
let files: FileMap[];
let base: Vectors;
/** What each adapter gives at each factor, applied and merged, where it is alone. */
let applied: Map<string, Vectors>;
let merged: Map<string, Vectors>;
const used = () => engineInfo().memory.used;
const key = (values: number, factor: number) => `${values} ${factor}`;

beforeAll(async () => {
  const model = await tinyEncoder();
  (await SentenceEncoder.load(model)).dispose();
  before = used();
  files = [];
  for (let seed = 0; seed < VALUES; seed++) {
    using other = await SentenceEncoder.load(model, { seed });
    other.addAdapter("a", lora);
    files.push(other.saveAdapter("a"));
  }
  encoder = await SentenceEncoder.load(model, { seed: 9 });
  base = await encoder.encode(texts);
  [applied, merged] = [new Map(), new Map()];
  for (const [values, file] of files.entries()) {
    encoder.loadAdapter("a", file);
    for (const factor of factors) {
      encoder.scaleAdapter("a", factor);
      applied.set(key(values, factor), await encoder.encode(texts));
      encoder.mergeAdapter("a");
      merged.set(key(values, factor), await encoder.encode(texts));
      encoder.unmergeAdapter("a");
    }
    encoder.removeAdapter("a");
  }
  const classifier = TextClassifier.create(encoder, trained);
  await classifier.fit(examples, training);
  classifier.dispose();
  loaded = await memoryLeft();
});
afterAll(() => encoder.dispose());

/** Memory without an adapter; copies of weights that only training needs go with a merge. */
async function memoryLeft(): Promise<number> {
  encoder.loadAdapter("last", files[0]!);
  encoder.mergeAdapter("last");
  encoder.unmergeAdapter("last");
  encoder.removeAdapter("last");
  expect(await encoder.encode(texts)).toEqual(base);
  return used();
}

/** An adapter as the model of the state has it. */
interface Known {
  values: number;
  factor: number;
}

/** All that there is to know of an encoder's adapters. */
class State {
  readonly known = new Map<string, Known>();
  active: string | null = null;
  merged: string | null = null;
  calls = 0;

  /** Whether calls that name it can be had, and what they give. */
  vectors(name: string | null | undefined): Vectors | null {
    const chosen = name === undefined ? this.active : name;
    if (chosen !== null && !this.known.has(chosen)) return null;
    if (this.merged !== null && this.merged !== chosen) return null;
    const { values, factor } = this.known.get(chosen ?? "") ?? { values: 0, factor: 0 };
    if (chosen === null) return base;
    return (this.merged === null ? applied : merged).get(key(values, factor))!;
  }
}

const name = fc.constantFrom(...names);
const values = fc.nat(VALUES - 1);
const command = fc.oneof(
  fc.record({ do: fc.constant("load" as const), name, values }),
  fc.record({ do: fc.constant("hotswap" as const), name, values }),
  fc.record({ do: fc.constant("scale" as const), name, factor: fc.constantFrom(...factors) }),
  fc.record({ do: fc.constant("select" as const), name: fc.option(name) }),
  fc.record({ do: fc.constant("remove" as const), name }),
  fc.record({ do: fc.constant("rename" as const), name, to: name }),
  fc.record({ do: fc.constant("merge" as const), name }),
  fc.record({ do: fc.constant("unmerge" as const), name }),
  fc.record({ do: fc.constant("encode" as const), name: fc.option(name, { nil: undefined }), base: fc.boolean() }),
  fc.record({ do: fc.constant("fit" as const) }),
  fc.record({ do: fc.constant("await" as const) }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Does a command in the model of the state: false where it must be refused. */
function allowed(state: State, command: Command): boolean {
  const { known } = state;
  switch (command.do) {
    case "load": {
      if (known.has(command.name)) return false;
      if (known.size === 0) state.active = command.name;
      known.set(command.name, { values: command.values, factor: 1 });
      return true;
    }
    case "hotswap":
    case "scale": {
      const adapter = known.get(command.name);
      if (adapter === undefined || state.merged === command.name) return false;
      if (command.do === "scale") adapter.factor = command.factor;
      else adapter.values = command.values;
      return true;
    }
    case "select":
      if (command.name !== null && !known.has(command.name)) return false;
      state.active = command.name;
      return true;
    case "remove":
      if (!known.has(command.name) || state.merged === command.name) return false;
      known.delete(command.name);
      if (state.active === command.name) state.active = null;
      return true;
    case "rename": {
      const adapter = known.get(command.name);
      if (adapter === undefined || (command.to !== command.name && known.has(command.to))) return false;
      known.delete(command.name);
      known.set(command.to, adapter);
      if (state.active === command.name) state.active = command.to;
      if (state.merged === command.name) state.merged = command.to;
      return true;
    }
    case "merge":
      if (!known.has(command.name) || state.merged !== null || state.calls > 0) return false;
      state.merged = command.name;
      return true;
    case "unmerge":
      if (state.merged !== command.name || state.calls > 0) return false;
      state.merged = null;
      return true;
    default:
      return true;
  }
}

function perform(command: Command): void {
  if (command.do === "load") encoder.loadAdapter(command.name, files[command.values]!);
  if (command.do === "hotswap") encoder.hotswapAdapter(command.name, files[command.values]!);
  if (command.do === "scale") encoder.scaleAdapter(command.name, command.factor);
  if (command.do === "select") encoder.setAdapter(command.name);
  if (command.do === "remove") encoder.removeAdapter(command.name);
  if (command.do === "rename") encoder.renameAdapter(command.name, command.to);
  if (command.do === "merge") encoder.mergeAdapter(command.name);
  if (command.do === "unmerge") encoder.unmergeAdapter(command.name);
}

/** Runs a program; calls that it begins go on meanwhile until it says "await". */
async function run(program: readonly Command[]): Promise<void> {
  const state = new State();
  let running: Promise<void>[] = [];
  const begin = (work: () => Promise<void>) => {
    state.calls++;
    running.push(work().finally(() => state.calls--));
  };
  const settle = async () => {
    await Promise.all(running);
    running = [];
  };
  let fits = 0;
  for (const command of program) {
    if (command.do === "await") await settle();
    else if (command.do === "encode") {
      const adapter = command.base ? null : command.name;
      const expected = state.vectors(adapter);
      const call = encoder.encode(texts, adapter === undefined ? {} : { adapter });
      if (expected === null) await expect(call).rejects.toThrow(ConfigError);
      else begin(async () => expect(await call).toEqual(expected));
    } else if (command.do === "fit") {
      if (fits++ > 0) continue;
      const classifier = TextClassifier.create(encoder, trained);
      const fit = classifier.fit(examples, training);
      if (state.merged !== null) {
        await expect(fit).rejects.toThrow(ConfigError);
        classifier.dispose();
      } else
        begin(async () => {
          expect(() => encoder.hotswapAdapter("trained", files[0]!)).toThrow(/is being trained/);
          expect(() => encoder.removeAdapter("trained")).toThrow(/is being trained/);
          await fit;
          classifier.dispose();
        });
    } else {
      const memory = used();
      if (allowed(state, command)) perform(command);
      else {
        expect(() => perform(command)).toThrow(ConfigError);
        expect(used()).toBe(memory);
      }
      if (command.do === "hotswap" || command.do === "scale") expect(used()).toBe(memory);
    }
    const listed = encoder.adapters().filter(({ name }) => name !== "trained");
    expect(new Set(listed.map(({ name }) => name))).toEqual(new Set(state.known.keys()));
    expect(listed.find(({ active }) => active)?.name ?? null).toBe(state.active);
    expect(listed.find(({ merged }) => merged)?.name ?? null).toBe(state.merged);
  }
  await settle();
  if (state.merged !== null) encoder.unmergeAdapter(state.merged);
  for (const known of state.known.keys()) encoder.removeAdapter(known);
  expect(await memoryLeft()).toBe(loaded);
}

it("whatever is done to adapters in whatever order, calls give what was there when they began, and memory comes back", async () => {
  const program = fc.array(command, { minLength: 1, maxLength: 24 });
  await fc.assert(fc.asyncProperty(program, run), { seed: 7, numRuns: 100 });
}, 60_000);

it("with the encoder goes the last byte", () => {
  encoder.loadAdapter("a", files[0]!);
  encoder.dispose();
  expect(used()).toBe(before);
});
