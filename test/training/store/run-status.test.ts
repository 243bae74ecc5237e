import { describe, expect, it } from "vitest";
import { FormatError } from "../../../ts/index.js";
import {
  type JobEvent,
  type JobSpec,
  memoryStore,
  runStatus,
  type RunStore,
  unfinishedSpec,
} from "../../../ts/jobs/index.js";
import { afterStep, run, runUntil, sources, spec } from "../../jobs/tiny-job.js";

/** Every status that a store has had, with the number of steps that its checkpoint had then. */
function watched() {
  const inner = memoryStore();
  const seen: string[] = [];
  const note = async () => {
    const { status, step } = (await runStatus(inner))!;
    const said = step === null ? status : `${status} after ${step}`;
    if (seen.at(-1) !== said) seen.push(said);
  };
  const write: RunStore["write"] = (blobs) => inner.write(blobs).then(note);
  const remove: RunStore["remove"] = (blob) => inner.remove(blob).then(note);
  return { inner, store: { ...inner, write, remove }, seen };
}

describe("a run's status", () => {
  it("is there from its first moment to its end", async () => {
    const { store, seen } = watched();
    expect(await runStatus(store)).toBeNull();
    await run(spec, store);
    expect(seen).toEqual([
      "preparing",
      "training",
      "training after 25",
      "training after 50",
      "training after 60",
      "finished",
    ]);
    expect(await runStatus(store)).toMatchObject({ status: "finished", settings: null, error: null });
  });

  it("is told of a run of the head alone, which takes no step, too", async () => {
    const { store, seen } = watched();
    await run({ ...spec, headOnly: true }, store);
    expect(seen).toEqual(["preparing", "training", "finished"]);
  });

  it("tells of an interruption, which keeps when the run began", async () => {
    const { inner, store, seen } = watched();
    await runUntil(spec, store, afterStep(3));
    expect(seen).toEqual(["preparing", "training", "training after 3", "interrupted after 3"]);
    const first = (await runStatus(store))!;
    expect(first).toMatchObject({ steps: 60, settings: { ...spec, rank: 8 } });
    await runUntil(spec, store, afterStep(5));
    expect(await runStatus(store)).toMatchObject({ status: "interrupted", step: 5, began: first.began });
    // Of an older version, which wrote none.
    await inner.remove("run.json");
    expect(await runStatus(inner)).toMatchObject({ status: "interrupted", step: 5, began: null, steps: 60 });
    expect(await unfinishedSpec(inner)).toMatchObject(spec);
    await run(spec, inner);
    expect(Object.keys(inner.files())).not.toContain("run.json");
  });

  it("counts the steps of the fit on all rows by themselves", async () => {
    const { inner, store, seen } = watched();
    const given: JobSpec = { ...spec, validationSplit: 0.2, recipe: "peft", steps: 40, finalFit: true };
    const begins = (event: JobEvent) => event.type === "progress" && event.phase === "final-fit";
    await runUntil(given, store, begins);
    expect(seen.at(-1)).toBe("interrupted after 40");
    expect(await runStatus(inner)).toMatchObject({ step: 40, steps: 40, finalFit: { step: 0, steps: 50 } });
    await runUntil(given, store, (event) => begins(event) && event.type === "progress" && event.done === 7);
    expect(await runStatus(inner)).toMatchObject({ step: 40, steps: 40, finalFit: { step: 7, steps: 50 } });
    // An older version wrote no record of it.
    await inner.remove("run.json");
    expect(await runStatus(inner)).toMatchObject({ status: "interrupted", finalFit: { step: 7, steps: null } });
    await run(given, inner);
    expect(await runStatus(inner)).toMatchObject({ status: "finished", finalFit: null });
  });

  it("of a run whose model was coming in when it was stopped is that of one to begin", async () => {
    const store = memoryStore();
    const abort = new AbortController();
    const findModel = () => {
      abort.abort();
      return new Promise<never>(() => undefined);
    };
    const job = run(spec, store, { sources: { ...sources, findModel }, signal: abort.signal });
    await expect(job).rejects.toThrow("cancelled");
    expect(await runStatus(store)).toMatchObject({ status: "interrupted", step: null, steps: null });
    await run((await unfinishedSpec(store)) as JobSpec, store);
    expect(await runStatus(store)).toMatchObject({ status: "finished" });
  });

  it("is as before where a run is refused", async () => {
    const store = memoryStore();
    await runUntil({ ...spec, baseline: true }, store, ({ type }) => type === "ready");
    const before = store.files();
    expect(Object.keys(before)).toEqual(["run.json"]);
    await expect(run({ ...spec, text: "body" }, store)).rejects.toThrow(/has no column "body"/);
    expect(store.files()).toEqual(before);
  });

  it.each<[string, (record: Record<string, unknown>) => unknown]>([
    ["no JSON", () => "{"],
    ["a list", () => []],
    ["another format", (record) => ({ ...record, format: "lowrank-run-9" })],
    ["another status", (record) => ({ ...record, status: "constructor" })],
    ["steps that are none", (record) => ({ ...record, steps: 0 })],
    ["an error that says nothing", (record) => ({ ...record, error: {} })],
    ["no time", (record) => ({ ...record, began: null })],
    ["settings that are none", (record) => ({ ...record, settings: { ...spec, rank: "8" } })],
    [
      "a setting of a newer version",
      (record) => ({ ...record, settings: { ...Object(record["settings"]), brains: 2 } }),
    ],
    ["a final fit without steps", (record) => ({ ...record, finalFit: {} })],
  ])("is refused by name where run.json holds %s", async (_, change) => {
    const store = memoryStore();
    await runUntil({ ...spec, baseline: true }, store, ({ type }) => type === "ready");
    const good = JSON.parse(new TextDecoder().decode(store.files()["run.json"])) as Record<string, unknown>;
    const changed = change(good);
    const text = typeof changed === "string" ? changed : JSON.stringify(changed);
    const damaged = memoryStore({ "run.json": new TextEncoder().encode(text) });
    const error = await runStatus(damaged).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(/^run\.json: /);
    await expect(unfinishedSpec(damaged)).rejects.toThrow(FormatError);
    // Nothing was computed that could be lost.
    await run({ ...spec, steps: 2 }, damaged);
    expect(await runStatus(damaged)).toMatchObject({ status: "finished" });
  });
});
