import { expect, it } from "vitest";
import { AbortError, LowrankError } from "../../../../ts/index.js";
import { bare, named, refusals } from "../refusals.js";
import { jobCalls } from "./calls.js";

it.each(named(jobCalls))("%s takes what is right", async (name, { args, run }) => {
  const refused = await Promise.resolve()
    .then(() => run(undefined, ...args()))
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  // Cancelled as it begins; a file, a model and a checkpoint of two bytes are none.
  if (name === "runJob" || name === "runFolds") expect(refused).toBeInstanceOf(AbortError);
  else if (/^runJob \([345]\)/.test(name)) expect(refused).toBeInstanceOf(LowrankError);
  else expect(refused).toBeUndefined();
});

it.each(named(jobCalls))("%s does its work, or throws a short error of ours, whatever comes", async (_, call) => {
  expect(await refusals(bare, call)).toEqual([]);
});
