import { Template } from "@huggingface/jinja";
import { BoundedInterpreter, MOST_STEPS, TemplateLimit } from "./bounded-interpreter.js";
import { parsed } from "./bounded-source.js";

/** Maximum length of a template, in characters: published ones have up to about twenty thousand. */
const LONGEST_TEMPLATE = 1 << 18;

/** Python's `range`, with a maximum length. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MOST_STEPS)) throw new TemplateLimit(`range(${start}, ${stop}, ${step}) is too long`);
  return Array.from({ length }, (_, i) => start + i * step);
}

let clock: Template | undefined;

/** Functions that a template may use, as in transformers. */
const globals: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  raise_exception(message: unknown) {
    const text = String(message ?? "");
    throw new Error(text.trim() === "" ? "it calls raise_exception, which says no reason" : text);
  },
  // The library's own.
  strftime_now: (format: string) => (clock ??= new Template("{{ strftime_now(format) }}")).render({ format }),
};

/** A compiled template. */
export type BoundedTemplate = (variables: Readonly<Record<string, unknown>>, messages: number) => string;

/** Compiles a template. Throws an error whose message is a clause; so does the compiled function. */
export function boundedTemplate(source: string): BoundedTemplate {
  if (source.length > LONGEST_TEMPLATE)
    throw new TemplateLimit(`it has ${source.length} characters; ${LONGEST_TEMPLATE} are taken`);
  // The library reads the token after the last one.
  const program = explained(() => parsed(source), "it ends within a statement or an expression");
  return (variables, messages) =>
    explained(
      () => String(new BoundedInterpreter({ ...globals, ...variables }, messages).run(program).value),
      "it calls something without a value that this needs",
    );
}

/** Runs the library. Errors of the JavaScript engine, and errors without a message, get a clear one. */
function explained<T>(run: () => T, missing: string): T {
  try {
    return run();
  } catch (cause) {
    const { message } = cause as Error;
    if (cause instanceof TypeError) throw new Error(missing, { cause });
    if (cause instanceof RangeError && message.includes("call stack"))
      throw new Error("it is nested too deeply, or calls itself without end", { cause });
    // The library's own signal to end a loop.
    if (message === "") throw new Error("it has a break or continue outside of a loop", { cause });
    throw cause;
  }
}
