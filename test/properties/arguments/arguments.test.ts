import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LowrankError } from "../../../ts/index.js";
import { opRows } from "../../ops/rows/index.js";
import { functionCalls, internalCalls } from "./function-calls.js";
import { graphCalls, headCalls, layerCalls, optimizerCalls } from "./object-calls.js";
import { at, isOptions, objectsIn, type Place, placesIn, withAt } from "./places.js";
import { type Arguments, type Scene, setScene, stateOf } from "./scene.js";
import { own, wrongValues } from "./wrong.js";

type Run = (scene: Scene, args: unknown[]) => unknown;

/** A call with right arguments, made anew for each scene. */
interface Call {
  readonly args: Arguments;
  readonly run: Run;
}

const methods = (table: Record<string, readonly Arguments[]>, of: (scene: Scene) => object): [string, Call][] =>
  Object.entries(table).flatMap(([name, all]) =>
    all.map((args, i): [string, Call] => [
      i === 0 ? name : `${name} (${i + 1})`,
      {
        args,
        run: (scene, given) => (of(scene) as Record<string, (...args: unknown[]) => unknown>)[name]!(...given),
      },
    ]),
  );

const functions = (table: typeof internalCalls): [string, Call][] =>
  Object.entries(table).flatMap(([name, all]) =>
    all.map(({ args, run }, i): [string, Call] => [
      i === 0 ? name : `${name} (${i + 1})`,
      { args, run: (_, given) => run(...given) },
    ]),
  );

/** Scenes one after the other: one lasts until a call succeeds, which may have changed it. */
class Stage {
  private scene = setScene();
  /** Of calls that answer later. */
  private readonly answers: Promise<unknown>[] = [];

  /** Calls `run` with what `given` makes of right arguments: it succeeds, or throws by name and changes nothing. */
  check({ args, run }: Call, what: string, given: (right: unknown[]) => unknown[]): void {
    const { scene } = this;
    const wrong = given(args(scene));
    const before = stateOf(scene);
    try {
      const answer = run(scene, wrong);
      if (answer instanceof Promise) this.answers.push(answer.catch((thrown: unknown) => assertNamed(thrown, what)));
    } catch (thrown) {
      assertNamed(thrown, what);
      expect(stateOf(scene), what).toBe(before);
      return;
    }
    this.scene.graph.dispose();
    this.scene = setScene();
  }

  /** Resolves when every call has answered. */
  async end(): Promise<void> {
    this.scene.graph.dispose();
    await Promise.all(this.answers);
  }
}

/** An error of the library with a short message and details, or the caller's own. */
function assertNamed(thrown: unknown, what: string): void {
  const named = thrown instanceof LowrankError;
  expect(named || thrown === own, `${what}: threw ${(thrown as Error)?.stack}`).toBe(true);
  if (!named) return;
  expect(thrown.message.length, what).toBeLessThan(600);
  expect(Object.keys(thrown.details), `${what}: ${thrown.message}`).not.toEqual([]);
}

const show = (place: Place) => place.join(".");

/** A copy of arguments with an object that throws where a name of it is read. */
function withThrowingGetter(all: unknown[], place: Place, name: string): unknown[] {
  const copy = { ...(at(all, place) as object) };
  const get = () => {
    throw own;
  };
  return withAt(all, place, Object.defineProperty(copy, name, { enumerable: true, get })) as unknown[];
}

/** Something wrong at each place in turn. */
async function checkWrongArguments(call: Call): Promise<void> {
  const stage = new Stage();
  const right = rightArguments(call);
  for (const place of placesIn(right)) {
    for (const [name, value] of Object.entries(wrongValues())) {
      stage.check(call, `${name} at ${show(place)}`, (all) => withAt(all, place, value) as unknown[]);
    }
  }
  for (const place of objectsIn(right)) {
    for (const name of Object.keys(at(right, place) as object)) {
      const what = `a getter that throws at ${show([...place, name])}`;
      stage.check(call, what, (all) => withThrowingGetter(all, place, name));
    }
  }
  await stage.end();
}

/** Something wrong at several places at once, and arguments too few or too many. */
async function checkSeveralWrongArguments(call: Call): Promise<void> {
  const stage = new Stage();
  const right = rightArguments(call);
  const wrong = Object.entries(wrongValues());
  const faults = fc.array(fc.tuple(fc.constantFrom(...placesIn(right)), fc.constantFrom(...wrong)), { maxLength: 4 });
  fc.assert(
    fc.property(faults, fc.nat(right.length + 1), (faults, count) => {
      const what = `${faults.map(([place, [name]]) => `${name} at ${show(place)}`).join(", ")}; ${count} arguments`;
      stage.check(call, what, (all) => {
        const spoilt = faults.reduce<unknown>((args, [place, [, value]], i) => {
          // What was spoilt before may have no such place any more.
          return faults.slice(0, i).some(([before]) => holds(before, place)) ? args : withAt(args, place, value);
        }, all);
        return Array.from({ length: count }, (_, i) => (spoilt as unknown[])[i]);
      });
    }),
    { seed: 20_261_125, numRuns: 60 },
  );
  await stage.end();
}

/** Whether `outer` is `inner`, or something that holds it. */
function holds(outer: Place, inner: Place): boolean {
  return outer.length <= inner.length && outer.every((name, i) => name === inner[i]);
}

function rightArguments({ args }: Call): unknown[] {
  const scene = setScene();
  const right = args(scene);
  scene.graph.dispose();
  return right;
}

/** Every option is read once: a getter that gives something wrong from the second time on changes nothing. */
async function checkReadOnce(call: Call): Promise<void> {
  const right = rightArguments(call);
  for (const place of objectsIn(right)) {
    for (const name of Object.keys(at(right, place) as object)) {
      const scene = setScene();
      const all = call.args(scene);
      const copy = { ...(at(all, place) as Record<string, unknown>) };
      const value = copy[name];
      let reads = 0;
      Object.defineProperty(copy, name, { enumerable: true, get: () => (reads++ === 0 ? value : -5) });
      await call.run(scene, withAt(all, place, copy) as unknown[]);
      expect(reads, show([...place, name])).toBeGreaterThan(0);
      scene.graph.dispose();
    }
  }
}

async function checkRightArguments({ args, run }: Call): Promise<void> {
  const scene = setScene();
  await run(scene, args(scene));
  scene.graph.dispose();
}

/** Options that no one takes, where an object of them is taken. */
function checkUnknownOptions({ args, run }: Call): void {
  const scene = setScene();
  const right = args(scene);
  right.forEach((value, i) => {
    // Tensors and states may hold more than is read.
    if (!isOptions(value) || "data" in value || "steps" in value || "a" in value) return;
    const act = () => run(scene, withAt(right, [i, "keepdims"], true) as unknown[]);
    expect(act, `argument ${i}`).toThrow(/there is no option "keepdims"/);
  });
  scene.graph.dispose();
}

const opCalls = Object.fromEntries(Object.entries(opRows).map(([name, { calls }]) => [name, calls]));

const tables: [string, [string, Call][]][] = [
  ["ops", methods(opCalls, ({ graph }) => graph)],
  ["Graph", methods(graphCalls, ({ graph }) => graph)],
  ["AdamW", methods(optimizerCalls, ({ adamw }) => adamw)],
  ["LoraLinear", methods(layerCalls, ({ layer }) => layer)],
  ["ClassificationHead", methods(headCalls, ({ head }) => head)],
  ["functions", [...functions(functionCalls), ...functions(internalCalls)]],
];

describe.each(tables)("%s", (_, calls) => {
  it.each(calls)("%s takes what is right", (_, call) => checkRightArguments(call));
  it.each(calls)("%s refuses what is wrong by name, and nothing has changed", (_, call) => checkWrongArguments(call));
  it.each(calls.filter(([, call]) => rightArguments(call).length > 0))(
    "%s refuses several wrong arguments at once, too few and too many",
    (_, call) => checkSeveralWrongArguments(call),
  );
  it.each(calls)("%s reads each option once", (_, call) => checkReadOnce(call));
  it.each(calls)("%s refuses options that there are not", (_, call) => checkUnknownOptions(call));
});
