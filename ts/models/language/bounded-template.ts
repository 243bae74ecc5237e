import { Environment, Interpreter, Template } from "@huggingface/jinja";

/** Longest template, in characters: those of published models have up to some twenty thousand. */
const LONGEST_TEMPLATE = 1 << 18;
/** Most expressions and statements that are evaluated, and as many again for each message. */
const MOST_STEPS = 300_000;
const STEPS_OF_MESSAGE = 10_000;
/** Characters of a value that count as a step more. */
const CHARACTERS_OF_STEP = 1000;
/** Largest value, written out, in characters. */
const LARGEST_VALUE = 16_000_000;

interface Evaluated {
  readonly value: unknown;
}

/** The library's classes: its declarations cannot be followed to them. */
interface Runner {
  evaluate(statement: unknown, environment: unknown): Evaluated;
  run(program: unknown): Evaluated;
}
interface Statement {
  readonly type?: string;
  readonly iterable?: object & { readonly lhs?: object };
}
interface Variables {
  set(name: string, value: unknown): void;
}
const LibraryInterpreter = Interpreter as unknown as new (environment: Variables) => Runner;
const LibraryEnvironment = Environment as unknown as new () => Variables;

/** A template goes beyond what it may take. */
class TemplateLimit extends Error {}

/**
 * Runs a template of a stranger's: what it evaluates, and what a value holds, is counted, so that a loop without end and text without
 * measure end as errors. What one filter makes of a value is measured when it has made it: for a moment there may be as much as a
 * string can hold.
 */
class BoundedInterpreter extends LibraryInterpreter {
  /** What loops go over: each turn is a step, also of a loop that does nothing. */
  private readonly iterated = new WeakSet<object>();
  private readonly sizes = new WeakMap<object, { readonly items: number; readonly size: number }>();

  constructor(
    environment: Variables,
    private left: number,
  ) {
    super(environment);
  }

  override evaluate(statement: unknown, environment: unknown): Evaluated {
    this.charge(1);
    const { type, iterable } = Object(statement) as Statement;
    // Of `for x in list if test` the list stands one below.
    if (type === "For") for (const list of [iterable, iterable?.lhs]) if (list !== undefined) this.iterated.add(list);
    const value = super.evaluate(statement, environment);
    const size = this.sizeOf(value, 0);
    if (size > LARGEST_VALUE) throw new TemplateLimit(`it makes values of more than ${LARGEST_VALUE} characters`);
    // What is done with it next takes time by its size.
    this.charge(this.iterated.has(statement as object) ? itemsOf(value.value) : size / CHARACTERS_OF_STEP);
    return value;
  }

  private charge(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new TemplateLimit("it goes on and on: it has too many steps");
  }

  /** Characters of a value and all that it holds: what stands in a list twice counts twice. */
  private sizeOf({ value }: Evaluated, depth: number): number {
    if (typeof value === "string") return value.length;
    if (!Array.isArray(value) && !(value instanceof Map)) return 1;
    const items = itemsOf(value);
    const known = this.sizes.get(value);
    if (known?.items === items) return known.size;
    if (depth > 1000) return Infinity;
    let size = 1;
    for (const item of value.values() as Iterable<Evaluated>) size += 1 + this.sizeOf(item, depth + 1);
    this.sizes.set(value, { items, size });
    return size;
  }
}

const itemsOf = (value: unknown) =>
  Array.isArray(value) || typeof value === "string" ? value.length : value instanceof Map ? value.size : 1;

/** Python's `range`, refused where it would be long. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MOST_STEPS)) throw new TemplateLimit(`range(${start}, ${stop}, ${step}) is too long`);
  return Array.from({ length }, (_, i) => start + i * step);
}

let clock: Template | undefined;

/** What a template may use beside its variables, as transformers has it. */
const globals: Readonly<Record<string, unknown>> = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null, range },
  raise_exception(message: unknown) {
    throw new Error(String(message));
  },
  // The library's own.
  strftime_now: (format: string) => (clock ??= new Template("{{ strftime_now(format) }}")).render({ format }),
};

/** A compiled template. */
export type BoundedTemplate = (variables: Readonly<Record<string, unknown>>, messages: number) => string;

/** Compiles a template. It throws what the library throws, and `TemplateLimit`; so does the function when it runs. */
export function boundedTemplate(source: string): BoundedTemplate {
  if (source.length > LONGEST_TEMPLATE)
    throw new TemplateLimit(`it has ${source.length} characters; ${LONGEST_TEMPLATE} are taken`);
  const { parsed } = new Template(source);
  return (variables, messages) => {
    const environment = new LibraryEnvironment();
    for (const [name, value] of Object.entries({ ...globals, ...variables })) environment.set(name, value);
    const run = new BoundedInterpreter(environment, MOST_STEPS + STEPS_OF_MESSAGE * messages);
    return String(run.run(parsed).value);
  };
}
