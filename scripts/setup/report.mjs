import { AsyncLocalStorage } from "node:async_hooks";

/** Something that can't be had or done. `command` is what would bring it. */
export class SetupError extends Error {
  constructor(message, command) {
    super(command === undefined ? message : `${message}\n  try: ${command}`);
    this.name = "SetupError";
  }
}

/** For the end of a script: what a person can mend is shown without a stack; anything else is a fault of ours. */
export function explain(error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n✗ ${error.message}`);
  process.exitCode = 1;
}

/** Time since `start` (of `performance.now()`). */
export function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** The title of the step that a command runs for: several run beside each other. */
export const currentStep = new AsyncLocalStorage();

/** Says what begins, does it, says how long it took. */
export async function step(title, body) {
  const start = performance.now();
  console.log(`▸ ${title}`);
  await currentStep.run(title, body);
  console.log(`▸ ${title}: done in ${seconds(start)}`);
}
