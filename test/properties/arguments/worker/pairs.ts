import { LowrankError } from "../../../../ts/index.js";
import { type Share, spoilers } from "../refusals.js";
import { own } from "../wrong.js";
import { hostileValues, LOSES_CLASS, REVOKED } from "./wrong.js";

/** A call and its like in a worker, with right arguments for each. */
export interface Pair<Here, There> {
  readonly args: (scene: Here | There) => unknown[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests pass anything
  readonly here: (scene: Here, ...args: any[]) => unknown;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests pass anything
  readonly there: (scene: There, ...args: any[]) => Promise<unknown>;
}

/** Both scenes, and how to have them anew once a call has done its work. */
export interface Stage<Here, There> {
  here: Here;
  there: There;
  readonly renew: () => Promise<void>;
  /** What a refused call leaves as it was in the worker. */
  readonly state: () => Promise<string>;
}

/** What is said of what a worker cannot have, and is no fault where there is none. */
const ONLY_THERE =
  /cannot be sent to a worker|before it goes to the worker|lowrank\/worker, got|what startWorker gives, got|is not of this thread/;
const LONGEST = 60_000;

type Outcome = { readonly value: unknown } | { readonly error: unknown };

async function outcome(work: () => unknown): Promise<Outcome> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(resolve, LONGEST, { error: new Error("no answer") });
  });
  const done = (async () => ({ value: await work() }))().catch((error: unknown) => ({ error }));
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}

/** Bytes of all buffers of the caller's, as text: neither handed over nor written to. */
function buffersOf(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== "object" || value === null || seen.has(value) || seen.size > 200) return "";
  seen.add(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength}:${hash(new Uint8Array(value.buffer))};`;
  if (value instanceof ArrayBuffer) return `${value.byteLength};`;
  try {
    return Object.keys(value).slice(0, 50).map((name) => buffersOf((value as Record<string, unknown>)[name], seen)).join(""); // prettier-ignore
  } catch {
    return "";
  }
}

const hash = (bytes: Uint8Array) => bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, bytes.length);

/** Whether what a worker answered is what the call itself does. */
function differs(what: string, here: Outcome, there: Outcome): string | null {
  if (!("error" in there)) return "error" in here && !isAbort(here.error) ? `taken, where here it is refused: ${String(here.error)}` : null; // prettier-ignore
  const { error } = there;
  if (error === own) return null;
  // A proxy that was revoked lets nobody look at it.
  if (what.startsWith(REVOKED) && error instanceof TypeError) return null;
  const said = `${String((error as Error)?.stack).split("\n").slice(0, 3).join("")}`; // prettier-ignore
  if (!(error instanceof LowrankError)) return `no error of ours: ${said}`;
  if (error.message.length >= 800) return `a long message: ${said}`;
  if (Object.keys(error.details).length === 0) return `no details: ${said}`;
  if (isAbort(error) || ONLY_THERE.test(error.message)) return null;
  if (!("error" in here)) return `refused, where here it is taken: ${said}`;
  const known = here.error as LowrankError;
  // Of what a worker takes besides, and of objects whose class does not cross, the message says other things.
  const other = what.startsWith(LOSES_CLASS) || / at 1\.(order|schedule)$/.test(what);
  const same = known instanceof LowrankError && known.code === error.code && (other || known.message === error.message);
  return same ? null : `here ${String(here.error)}, there ${said}`;
}

const isAbort = (error: unknown) => error instanceof LowrankError && error.code === "ABORTED";

/** Where a call in a worker does not answer as the call itself does, or changes what is the caller's, or the worker's. */
export async function differences<Here, There>(
  stage: Stage<Here, There>,
  { args, here, there }: Pair<Here, There>,
  share?: Share,
): Promise<string[]> {
  const problems: string[] = [];
  let before = await stage.state();
  for (const [what, spoil] of spoilers(args(stage.here), share, hostileValues)) {
    const [mine, theirs] = [spoil(args(stage.here)), spoil(args(stage.there))];
    const known = await outcome(() => here(stage.here, ...mine));
    const held = buffersOf(theirs);
    const answer = await outcome(() => there(stage.there, ...theirs));
    const problem = differs(what, known, answer);
    if (problem !== null) problems.push(`${what}: ${problem}`);
    if (buffersOf(theirs) !== held) problems.push(`${what}: bytes of the caller's have changed`);
    if ("error" in known && "error" in answer && !isAbort(known.error) && !isAbort(answer.error)) {
      const after = await stage.state();
      if (after !== before) problems.push(`${what}: was refused, and something has changed: ${before} → ${after}`);
      before = after;
      continue;
    }
    await stage.renew();
    before = await stage.state();
  }
  return problems;
}
