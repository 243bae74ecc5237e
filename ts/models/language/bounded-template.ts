import { Environment, Interpreter, parse, Template, tokenize } from "@huggingface/jinja";

/** Maximum number of steps of a rendering, and of further steps for each message. A step takes about a microsecond. */
const MOST_STEPS = 200_000;
const STEPS_OF_MESSAGE = 1000;
/** Operations that cost more or less than a step, in steps. */
const cost = {
  /** One iteration of a loop, whatever it does: the library makes a scope and nine variables for it. */
  turn: 8,
  /** A variable that is not defined. */
  unknown: 8,
  /** An enclosing scope in which names are looked up. */
  level: 1 / 100,
  /** A character of a value. */
  character: 1 / 1000,
  /** A node of a macro's syntax tree, which the library searches before it knows the macro. */
  node: 1 / 10,
  /** An item of a value whose size is measured. */
  measured: 1 / 50,
};
/** Maximum size of a value, written out, in characters; and the overhead of a list item. */
const LARGEST_VALUE = 16_000_000;
const ITEM = 16;

interface Evaluated {
  readonly type: string;
  readonly value: unknown;
}

/** The library's classes; its declarations do not export them. */
interface Runner {
  evaluate(statement: unknown, environment: unknown): Evaluated | undefined;
  applyFilter(operand: Evaluated, filter: Filter, environment: unknown): Evaluated | undefined;
  run(program: unknown): Evaluated;
}
interface Filter {
  readonly type?: string;
  readonly value?: unknown;
}
interface Statement {
  readonly type?: string;
  readonly iterable?: object & { readonly lhs?: object };
}
interface Variables {
  /** Returns the value as the library has it. */
  set(name: string, value: unknown): Evaluated;
}
const LibraryInterpreter = Interpreter as unknown as new (environment: Variables) => Runner;
const LibraryEnvironment = Environment as unknown as new () => Variables;

/** A value as Python writes it; undefined where the library does the same. */
function pythonWord({ type, value }: Evaluated): string | undefined {
  if (type === "BooleanValue") return value === true ? "True" : "False";
  return type === "NullValue" ? "None" : undefined;
}

/** A template exceeds its limits. */
class TemplateLimit extends Error {}

/**
 * Runs an untrusted template. Counts evaluations and the size of values, so that endless loops and unbounded text end as errors. A filter's
 * result is measured after the filter has made it, so for a moment it may be as large as a string can be.
 */
class BoundedInterpreter extends LibraryInterpreter {
  /** Iterables of loops: each iteration costs steps, even if it does nothing. */
  private readonly iterated = new WeakSet<object>();
  private readonly sizes = new WeakMap<object, number>();
  private readonly nodes = new WeakMap<object, number>();
  /** Namespaces among measured values: a value with one is measured again each time. */
  private namespaces = 0;
  /** Evaluations that enclose the current one. */
  private depth = 0;
  private left: number;

  constructor(variables: Readonly<Record<string, unknown>>, messages: number) {
    const environment = new LibraryEnvironment();
    for (const [name, value] of Object.entries(variables)) environment.set(name, value);
    super(environment);
    this.left = MOST_STEPS + STEPS_OF_MESSAGE * messages;
  }

  override evaluate(statement: unknown, environment: unknown): Evaluated {
    this.charge(1 + this.depth * cost.level);
    const { type, iterable } = Object(statement) as Statement;
    // In `for x in list if test`, the list is one level below.
    if (type === "For") for (const list of [iterable, iterable?.lhs]) if (list !== undefined) this.iterated.add(list);
    if (type === "Macro" || type === "CallStatement") this.charge(cost.node * this.nodesOf(statement));
    this.depth++;
    // Some filters return nothing for no value, such as `first` of an empty list. No statement evaluates to an undefined value.
    const value = super.evaluate(statement, environment) ?? super.evaluate(undefined, environment)!;
    this.depth--;
    const size = this.sizeOf(value, 0);
    if (size > LARGEST_VALUE) throw new TemplateLimit(`it makes values of more than ${LARGEST_VALUE} characters`);
    // The next operation on it takes time in proportion to its size.
    this.charge(size * cost.character);
    if (this.iterated.has(statement as object)) this.charge(cost.turn * itemsOf(value.value));
    if (type === "Identifier" && value.type === "UndefinedValue") this.charge(cost.unknown);
    return value;
  }

  /** The filter `string` of a boolean and of none as in Python; the library writes the former as JSON and refuses the latter. */
  override applyFilter(operand: Evaluated, filter: Filter, environment: unknown): Evaluated | undefined {
    const word = filter.type === "Identifier" && filter.value === "string" ? pythonWord(operand) : undefined;
    if (word === undefined) return super.applyFilter(operand, filter, environment);
    return new LibraryEnvironment().set("word", word);
  }

  private charge(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new TemplateLimit("it goes on and on: it has too many steps");
  }

  /** Characters of a value with all its contents; something that is in a list twice counts twice. */
  private sizeOf({ type, value }: Evaluated, depth: number): number {
    if (typeof value === "string") return value.length;
    if (!Array.isArray(value) && !(value instanceof Map)) return 1;
    const known = this.sizes.get(value);
    if (known !== undefined) return known;
    if (depth > 1000) return Infinity;
    this.charge(cost.measured * itemsOf(value));
    const before = this.namespaces;
    if (type === "NamespaceValue") this.namespaces++;
    let size = 1;
    for (const item of value.values() as Iterable<Evaluated>) {
      size += ITEM + this.sizeOf(item, depth + 1);
      if (size > LARGEST_VALUE) return Infinity;
    }
    // Only a namespace can change, and with it the values that contain it.
    if (this.namespaces === before) this.sizes.set(value, size);
    return size;
  }

  /** Nodes of a statement's syntax tree. */
  private nodesOf(statement: unknown): number {
    if (typeof statement !== "object" || statement === null) return 0;
    let nodes = this.nodes.get(statement);
    if (nodes !== undefined) return nodes;
    nodes = 1;
    const parts: Iterable<unknown> =
      statement instanceof Map ? [...statement.keys(), ...statement.values()] : Object.values(statement);
    for (const part of parts) nodes += this.nodesOf(part);
    this.nodes.set(statement, nodes);
    return nodes;
  }
}

const itemsOf = (value: unknown) =>
  Array.isArray(value) || typeof value === "string" ? value.length : value instanceof Map ? value.size : 1;

/** transformers' own statements that mark the assistant's text; they print nothing. */
const generation = /{%(-?)\s*(?:end)?generation\s*(-?)%}(\s*)/g;

/**
 * Prepares a template's source as the library does, in linear time: for each `generation` statement, the library's own pattern scans all
 * the white space that follows, once for each character of it.
 */
function preprocessed(source: string): string {
  const text = (source.endsWith("\n") ? source.slice(0, -1) : source)
    .replace(/^[ \t]*({[#%-])/gm, "$1")
    .replace(/([#%-]})\n/g, "$1");
  let [result, copied] = ["", 0];
  for (const { 0: match, 1: trimsBefore, 2: trimsAfter, 3: after, index } of text.matchAll(generation)) {
    const before = text.slice(copied, index);
    result += (trimsBefore === "" ? before : before.trimEnd()) + (trimsAfter === "" ? after! : "");
    copied = index + match.length;
  }
  return result + text.slice(copied);
}

/** A template's syntax tree. Throws the library's errors. @internal exported for its tests */
export function parsed(source: string): unknown {
  const text = preprocessed(source);
  // The library would prepare the source again, in its own way: it uses only these two methods of it.
  const done = { endsWith: () => false, replace: () => text };
  return parse(tokenize(done));
}

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
