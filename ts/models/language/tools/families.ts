import type { CallFormat, CallPiece } from "../../../constraint/calls/call-format.js";
import type { KeywordStyle } from "./literals.js";

/** A function that may be called. */
export interface CalledFunction {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Where the schema is, for messages. */
  readonly path: string;
}

/** How a family of models writes calls. */
export interface ToolFamily {
  readonly name: string;
  /** What its chat template contains. */
  readonly sign: RegExp;
  /** Marks before calls, and after them. */
  readonly open: readonly string[];
  readonly close: readonly string[];
  /** Further special tokens within calls. */
  readonly within: readonly string[];
  /** Whether an answer may begin with a call without a mark. */
  readonly bare: boolean;
  /** What follows a mark beside JSON: calls by keyword, with this before each; or a name before its JSON. */
  readonly keywords: (KeywordStyle & { readonly before: string }) | null;
  readonly named: boolean;
  /** Whether calls follow a mark as elements: `<function=f>`, with a `<parameter=a>` for each argument. */
  readonly elements: boolean;
  /** How calls are written by a model that must call. */
  readonly written: (functions: readonly CalledFunction[]) => CallFormat;
}

/** Most calls of an answer that must have some. */
const MOST_CALLS = 16;

const mark = (token: string): CallPiece => ({ token });

function format(
  functions: readonly CalledFunction[],
  each: (one: CalledFunction) => readonly CallPiece[],
  around: Partial<CallFormat> = {},
): CallFormat {
  return { before: [], between: [], after: [], most: MOST_CALLS, ...around, calls: functions.map(each) };
}

const json =
  (key: string) =>
  ({ name, parameters, path }: CalledFunction): readonly CallPiece[] => [
    `{"name": "${name}", "${key}": `,
    { schema: parameters, path },
    "}",
  ];

const keywords =
  (assign: string, separator: string, open: string, close: string) =>
  ({ name, parameters, path }: CalledFunction): readonly CallPiece[] => [
    name + open,
    { keywords: parameters, path, assign, separator },
    close,
  ];

const python = { open: "(", assign: "=", close: ")", quotes: null, before: "" };
const pythonCalls = keywords("=", ", ", "(", ")");

const none = { close: [], within: [], bare: false, keywords: null, named: false, elements: false };

/** Gemma's calls, with the marks of Gemma 4 or of FunctionGemma. */
const gemma = (name: string, open: string, close: string, quote: string, sign: RegExp): ToolFamily => ({
  ...none,
  name,
  sign,
  open: [open],
  close: [close],
  within: [quote],
  keywords: { open: "{", assign: ":", close: "}", quotes: [quote], before: "call:" },
  written: (functions) =>
    format(functions, (one) => [mark(open), "call:", ...keywords(":", ",", "{", "}")(one), mark(close)]),
});

/** JSON between tags, as Hermes, Qwen, SmolLM3 and Granite 4 write it. */
const tagged: ToolFamily = {
  ...none,
  name: "hermes",
  sign: /<tool_call>/,
  open: ["<tool_call>"],
  close: ["</tool_call>"],
  written: (functions) =>
    format(functions, (one) => [mark("<tool_call>"), "\n", ...json("arguments")(one), "\n", mark("</tool_call>")], {
      between: ["\n"],
    }),
};

/** XML between the same tags, as Qwen3-Coder and Qwen3.5 write it. */
const elementCall = ({ name, parameters, path }: CalledFunction): readonly CallPiece[] => [
  mark("<tool_call>"),
  `\n<function=${name}>\n`,
  { elements: parameters, path, element: "parameter" },
  "</function>\n",
  mark("</tool_call>"),
];

const mistral = { ...none, open: ["[TOOL_CALLS]"], within: ["[ARGS]", "[CALL_ID]"], named: true };

/** The first whose sign is in the template is the model's. */
const families: readonly ToolFamily[] = [
  gemma("gemma4", "<|tool_call>", "<tool_call|>", '<|"|>', /<\|tool_call>|<\|tool>/),
  gemma(
    "functiongemma",
    "<start_function_call>",
    "<end_function_call>",
    "<escape>",
    /<start_function_(?:call|declaration)>/,
  ),
  {
    ...none,
    name: "lfm2",
    sign: /<\|tool_(?:call|list)_start\|>|List of tools: \[/,
    keywords: python,
    open: ["<|tool_call_start|>"],
    close: ["<|tool_call_end|>"],
    written: (functions) =>
      format(functions, pythonCalls, {
        before: [mark("<|tool_call_start|>"), "["],
        between: [", "],
        after: ["]", mark("<|tool_call_end|>")],
      }),
  },
  {
    ...mistral,
    name: "mistral-named",
    sign: /^(?=[^]*\[TOOL_CALLS\])[^]*\[ARGS\]/,
    written: (functions) =>
      format(functions, ({ name, parameters, path }) => [
        mark("[TOOL_CALLS]"),
        name,
        mark("[ARGS]"),
        { schema: parameters, path },
      ]),
  },
  {
    ...mistral,
    name: "mistral",
    sign: /\[(?:TOOL_CALLS|AVAILABLE_TOOLS)\]/,
    written: (functions) =>
      format(functions, json("arguments"), {
        before: [mark("[TOOL_CALLS]"), "["],
        between: [", "],
        after: ["]"],
      }),
  },
  {
    ...none,
    name: "granite3",
    sign: /<\|tool_call\|>/,
    open: ["<|tool_call|>"],
    written: (functions) =>
      format(functions, json("arguments"), {
        before: [mark("<|tool_call|>"), "["],
        between: [", "],
        after: ["]"],
      }),
  },
  {
    ...tagged,
    name: "qwen-xml",
    sign: /<parameter=/,
    elements: true,
    written: (functions) => format(functions, elementCall, { between: ["\n"] }),
  },
  tagged,
  {
    ...none,
    name: "llama3",
    sign: /<\|python_tag\|>|<\|start_header_id\|>/,
    open: ["<|python_tag|>"],
    bare: true,
    // Llama 3's templates know one call a message.
    written: (functions) => format(functions, json("parameters"), { most: 1 }),
  },
  {
    ...none,
    name: "python",
    sign: /<start_of_turn>/,
    open: [],
    bare: true,
    keywords: python,
    written: (functions) => format(functions, pythonCalls, { before: ["["], between: [", "], after: ["]"] }),
  },
];

/** The family of a chat template; that of Hermes for one without a sign. */
export const familyOf = (template: string): ToolFamily => families.find(({ sign }) => sign.test(template)) ?? tagged;

/** The family whose format is described to models that were not trained to call functions. */
export const described = tagged;

/** Marks that are special tokens of many vocabularies. */
export const marksOf = ({ open, close, within }: ToolFamily): readonly string[] => [...open, ...close, ...within];
