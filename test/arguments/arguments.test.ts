import { describe, expect, it } from "vitest";
import { LowrankError } from "../../ts/index.js";
import { functionCalls, internalCalls } from "./function-calls.js";
import { graphCalls, headCalls, layerCalls, optimizerCalls } from "./object-calls.js";
import { type Arguments, opCalls } from "./op-calls.js";
import { at, isOptions, objectsIn, type Place, placesIn, withAt } from "./places.js";
import { type Scene, setScene, stateOf } from "./scene.js";
import { own, wrongValues } from "./wrong.js";

type Run = (scene: Scene, args: unknown[]) => unknown;

/** A call with right arguments, made anew for each scene. */
interface Call {
  readonly args: Arguments;
  readonly run: Run;
}

const methods = (table: Record<string, Arguments[]>, of: (scene: Scene) => object): [string, Call][] =>
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

/** What came of a call: its result, or what it threw. */
function attempt(scene: Scene, run: Run, args: unknown[]): { thrown: unknown } | { result: unknown } {
  try {
    return { result: run(scene, args) };
  } catch (thrown) {
    return { thrown };
  }
}

const show = (place: Place) => place.join(".");

/** Calls `run` with something wrong at each place in turn; a scene lasts until a call succeeds. */
function checkWrongArguments({ args, run }: Call): void {
  let scene = setScene();
  let before = stateOf(scene);
  const check = (what: string, given: (right: unknown[]) => unknown[]): void => {
    const wrong = given(args(scene));
    // Arguments may have put nodes on the tape.
    before = stateOf(scene);
    const came = attempt(scene, run, wrong);
    if ("thrown" in came) {
      const { thrown } = came;
      const expected = thrown instanceof LowrankError || thrown === own;
      expect(expected, `${what}: threw ${String(thrown)}\n${(thrown as Error)?.stack}`).toBe(true);
      if (thrown instanceof LowrankError) expect(thrown.message.length, what).toBeLessThan(600);
      expect(stateOf(scene), what).toBe(before);
    } else {
      scene.graph.dispose();
      scene = setScene();
    }
  };
  const right = args(scene);
  const places = placesIn(right);
  for (const place of places) {
    for (const [name, value] of Object.entries(wrongValues())) {
      check(`${name} at ${show(place)}`, (all) => withAt(all, place, value) as unknown[]);
    }
  }
  for (const place of objectsIn(right)) {
    for (const name of Object.keys(at(right, place) as object)) {
      check(`a getter that throws at ${show([...place, name])}`, (all) => {
        const copy = { ...(at(all, place) as object) };
        Object.defineProperty(copy, name, {
          enumerable: true,
          get: () => {
            throw own;
          },
        });
        return withAt(all, place, copy) as unknown[];
      });
    }
  }
  scene.graph.dispose();
}

/** Every option is read once: a getter that gives something wrong from the second time on changes nothing. */
function checkReadOnce({ args, run }: Call): void {
  const scene = setScene();
  for (const place of objectsIn(args(scene))) {
    for (const name of Object.keys(at(args(scene), place) as object)) {
      const all = args(scene);
      const copy = { ...(at(all, place) as Record<string, unknown>) };
      const value = copy[name];
      let reads = 0;
      Object.defineProperty(copy, name, { enumerable: true, get: () => (reads++ === 0 ? value : -5) });
      const came = attempt(scene, run, withAt(all, place, copy) as unknown[]);
      expect("thrown" in came ? came.thrown : null, `${show([...place, name])} is read ${reads} times`).toBeNull();
    }
  }
  scene.graph.dispose();
}

function checkRightArguments({ args, run }: Call): void {
  const scene = setScene();
  run(scene, args(scene));
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
  it.each(calls)("%s reads each option once", (_, call) => checkReadOnce(call));
  it.each(calls)("%s refuses options that there are not", (_, call) => checkUnknownOptions(call));
});
