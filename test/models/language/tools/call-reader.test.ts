import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallReader } from "../../../../ts/models/language/tools/call-reader.js";
import { familyOf, type ToolFamily } from "../../../../ts/models/language/tools/families.js";
import { toolCallsOf } from "../../../../ts/models/language/tools/tool-options.js";

const functions = new Map<string, Record<string, unknown> | boolean>([
  [
    "weather",
    {
      type: "object",
      $defs: { days: { type: "integer" } },
      properties: {
        city: { type: "string" },
        note: { anyOf: [{ type: "string" }, { type: "null" }] },
        days: { $ref: "#/$defs/days" },
        code: { type: ["string", "number"] },
        rain: { type: "boolean" },
      },
    },
  ],
  ["add", true],
  ["find-it", true],
  ["names", { type: "object", additionalProperties: { type: "string" } }],
]);
const hermes = familyOf("<tool_call>");
const llama = familyOf("<|start_header_id|>");
const mistral = familyOf("[AVAILABLE_TOOLS] [TOOL_CALLS]");
const named = familyOf("[TOOL_CALLS] [ARGS]");
const lfm2 = familyOf("<|tool_list_start|>");
const gemma4 = familyOf("<|tool_call>call:");
const functionGemma = familyOf("<start_function_call>");
const gemma3 = familyOf("<start_of_turn>");
const granite = familyOf("<|tool_call|>");
const xml = familyOf("<tool_call>\n<function=example>\n<parameter=example>");

/** A call between the tags of XML. */
const elements = (name: string, ...values: readonly (readonly [string, string])[]) =>
  `<tool_call>\n<function=${name}>\n${values.map(([key, value]) => `<parameter=${key}>\n${value}\n</parameter>\n`).join("")}</function>\n</tool_call>`;

/** What a reader makes of pieces of a text. */
function read(family: ToolFamily, pieces: readonly string[]) {
  const reader = new CallReader(family, functions, (index) => `call${index}`);
  const found = [...pieces.map((piece) => reader.push(piece, false)), reader.push("", true)];
  return {
    text: found.map(({ text }) => text).join(""),
    calls: toolCallsOf(found.map(({ calls }) => ({ toolCalls: calls }))),
    pieces: found.flatMap(({ calls }) => calls),
  };
}

/** Text and calls, the arguments as values. */
function whole(family: ToolFamily, text: string) {
  const { text: content, calls } = read(family, [text]);
  return [content, ...calls.map((call) => [call.name, JSON.parse(call.arguments) as unknown])];
}

const paris = ["weather", { city: "Paris" }];
const sum = ["add", { a: 1, b: [-2.5e3, null, { c: true }] }];

const texts: readonly [ToolFamily, string, readonly unknown[]][] = [
  [hermes, '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>', ["", paris]],
  [
    hermes,
    'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>\n<tool_call>\n{"arguments": {"a":1,"b":[-2.5e3,null,{"c":true}]}, "name": "add"}\n</tool_call>\n',
    ["I look.", paris, sum],
  ],
  [hermes, '<tool_call>{"name":"find-it"}</tool_call>', ["", ["find-it", {}]]],
  [hermes, '<tool_call>{"name":"find-it","arguments":{}}', ["", ["find-it", {}]]],
  [llama, '{"name": "weather", "parameters": {"city": "Paris"}}', ["", paris]],
  [llama, '<|python_tag|>{"type": "function", "name": "weather", "parameters": {"city": "Paris"}}', ["", paris]],
  [
    llama,
    '\n{"name": "weather", "parameters": {"city": "Paris"}}; {"name": "find-it", "parameters": {}}',
    ["", paris, ["find-it", {}]],
  ],
  [
    mistral,
    '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Paris"}, "id": "abcdefghi"}, {"name": "find-it", "arguments": {}}]',
    ["", paris, ["find-it", {}]],
  ],
  [named, '[TOOL_CALLS]weather[ARGS]{"city": "Paris"}[TOOL_CALLS]find-it{}', ["", paris, ["find-it", {}]]],
  [named, 'So: [TOOL_CALLS]weather[CALL_ID]abcdefghi[ARGS]{"city": "Paris"}', ["So:", paris]],
  [named, '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Paris"}}]', ["", paris]],
  [
    lfm2,
    "<|tool_call_start|>[weather(city='Paris'), add(a=1, b=[-2.5e3, None, {\"c\": True},])]<|tool_call_end|>Done.",
    ["Done.", paris, sum],
  ],
  [lfm2, '<|tool_call_start|>[{"name": "weather", "arguments": {"city": "Paris"}}]<|tool_call_end|>', ["", paris]],
  [
    lfm2,
    "<|tool_call_start|>[weather(city='it\\'s \\x41\\u00e9\\U0001F600\\n\\q \"\"'), find-it()]<|tool_call_end|>",
    ["", ["weather", { city: 'it\'s Aé😀\n\\q ""' }], ["find-it", {}]],
  ],
  [lfm2, '<|tool_call_start|>[weather(city="a\\/b")]<|tool_call_end|>', ["", ["weather", { city: "a/b" }]]],
  [gemma4, '<|tool_call>call:weather{city:<|"|>Paris<|"|>}<tool_call|>', ["", paris]],
  [
    gemma4,
    '<|tool_call>call:add{a:1,b:[-2.5e3,null,{c:true}]}<tool_call|><|tool_call>call:weather{city:<|"|>a "b" {c},<|"|>}<tool_call|>',
    ["", sum, ["weather", { city: 'a "b" {c},' }]],
  ],
  [gemma4, '<|tool_call>call:weather{city:"P\\u0061ris"}<tool_call|>', ["", paris]],
  [functionGemma, "<start_function_call>call:weather{city:<escape>Paris<escape>}<end_function_call>", ["", paris]],
  [gemma3, '[weather(city="Paris"), find-it()]', ["", paris, ["find-it", {}]]],
  [granite, '<|tool_call|>[{"name": "weather", "arguments": {"city": "Paris"}}]', ["", paris]],
  [xml, elements("weather", ["city", "Paris"]), ["", paris]],
  [xml, elements("names", ["zip", "12345"], ["up", "true"]), ["", ["names", { zip: "12345", up: "true" }]]],
  [
    xml,
    `I look.\n\n${elements("weather", ["city", 'a "b"\\\n\n<b>{é😀}\t'], ["days", "-2"])}\n${elements("find-it")}\n`,
    ["I look.", ["weather", { city: 'a "b"\\\n\n<b>{é😀}\t', days: -2 }], ["find-it", {}]],
  ],
  [xml, elements("weather", ["city", "null"], ["note", "null"]), ["", ["weather", { city: "null", note: null }]]],
  [xml, elements("weather", ["note", "5"], ["code", "5"]), ["", ["weather", { note: "5", code: 5 }]]],
  [xml, elements("weather", ["code", "5a"], ["rain", "True"]), ["", ["weather", { code: "5a", rain: true }]]],
  [
    xml,
    elements("weather", ["rain", "{'a': None}"], ["days", "so"]),
    ["", ["weather", { rain: { a: null }, days: "so" }]],
  ],
  [xml, elements("add", ["a", "1"], ["b", '[-2.5e3, null, {"c": true}]']), ["", sum]],
  [xml, elements("weather", ["city", ""], ["note", "\n"]), ["", ["weather", { city: "", note: "\n" }]]],
  [
    xml,
    elements("weather", ["city", "</parameter"], ["note", "\n</para<"]),
    ["", ["weather", { city: "</parameter", note: "\n</para<" }]],
  ],
  [xml, "<tool_call><function=weather><parameter=city>Paris</parameter></function></tool_call>", ["", paris]],
  [xml, "<tool_call>\n<function=find-it>\n</function>", ["", ["find-it", {}]]],
  [xml, '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>', ["", paris]],
];

/** What is no call, or not of a known function. */
const contents: readonly [ToolFamily, string][] = [
  [hermes, "  Two\n\nlines. "],
  [hermes, "<tool_call>oops</tool_call>"],
  [hermes, "</tool_call> 1 < 2 <tool_cal"],
  [hermes, '<tool_call>{"name": "unknown", "arguments": {}}</tool_call>'],
  [hermes, '<tool_call>{"name": "weather", "arguments": [1]}'],
  [hermes, '<tool_call>{"name": "weather", "arguments": "Paris"}'],
  [hermes, '<tool_call>{"name": "weather", '],
  [hermes, '<tool_call>{"name": 3}</tool_call>'],
  [hermes, '<tool_call>{"name": "weather", "function": {}}</tool_call>'],
  [hermes, '<tool_call>{"arguments": {"name": "weather"}}</tool_call>'],
  [hermes, '<tool_call>{"name": "wea\\u00ther"}'],
  [hermes, '<tool_call><tool_call>{"name": "we\nather"}'],
  [hermes, "<tool_call>[]</tool_call>"],
  [llama, '{"city": "Paris"}'],
  [llama, 'Well: {"name": "weather", "parameters": {"city": "Paris"}}'],
  [llama, "<|python_tag|>weather.call(city='Paris')"],
  [mistral, "[TOOL_CALLS] []"],
  [mistral, "[1, 2] [TOOL_CALL"],
  [named, "[TOOL_CALLS]weather[ARG]{}"],
  [named, "[TOOL_CALLS]weather({})"],
  [lfm2, "<|tool_call_start|>[weather('Paris')]<|tool_call_end|>"],
  [lfm2, "<|tool_call_start|>[weather(city=Paris)]<|tool_call_end|>"],
  [lfm2, "<|tool_call_start|>[weather(city='\\uD8')]<|tool_call_end|>"],
  [lfm2, "<|tool_call_start|>weather.x(city='Paris')"],
  [gemma4, '<|tool_call>weather{city:<|"|>Paris<|"|>}<tool_call|>'],
  [gemma4, "<|tool_call>call:weather{city:<|Paris}<tool_call|>"],
  [gemma3, "[1] is a reference, [weather] too"],
  [xml, "<tool_call>\n<function=unknown>\n</function>\n</tool_call>"],
  [xml, "<tool_call>\n<function=weather>\n"],
  [xml, "<tool_call>\n<function=weather>\nParis\n</function>\n</tool_call>"],
  [xml, "<tool_call>\n<function=weather>\n<parameter=>\nParis\n</parameter>"],
  [xml, "<function=weather>\n</function>"],
  [lfm2, '<|tool_call_start|>[weather(city="\\u12'],
  [hermes, elements("weather", ["city", "Paris"])],
];

describe("a chat template", () => {
  it("tells the format of calls, in any order of its marks", () => {
    const name = (template: string) => familyOf(template).name;
    expect(name("{% if tools %}List of tools: [{% endif %}<|im_start|>")).toBe("lfm2");
    expect(["[ARGS] [TOOL_CALLS]", "[TOOL_CALLS] [ARGS]", "[TOOL_CALLS]\n[ARGS]"].map(name)).toEqual(
      Array(3).fill("mistral-named"),
    );
    expect([name("[TOOL_CALLS]".repeat(20_000)), name("[ARGS]")]).toEqual(["mistral", "hermes"]);
  });
});

describe("generated text", () => {
  it("has the calls of its family's format", () => {
    for (const [family, text, expected] of texts) expect([text, whole(family, text)]).toEqual([text, expected]);
  });

  it("is content where it is no call of a known function", () => {
    for (const [family, text] of contents) {
      const { text: content, calls } = read(family, [text]);
      expect([content, calls]).toEqual([text, []]);
    }
  });

  it("gives the same, however it is cut into pieces", () => {
    const all = [...texts, ...contents];
    const cuts = fc.array(fc.nat(300), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        cuts,
        fc.string({ maxLength: 5, unit: "binary" }),
        ([family, text], at, more) => {
          const given = more + text + more;
          const places = [0, ...at.map((place) => place % (given.length + 1)).sort((a, b) => a - b), given.length];
          const pieces = places.slice(1).map((place, i) => given.slice(places[i], place));
          const { text: content, calls } = read(family, pieces);
          const { text: expected, calls: expectedCalls } = read(family, [given]);
          expect([content, calls]).toEqual([expected, expectedCalls]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("has strings between marks as they are", () => {
    const pieces = fc.constantFrom("</parameter", ">", "\n", "<", '"', "\\", "<parameter=city>", "</function>");
    const texts = fc.array(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 3 })), { maxLength: 12 });
    fc.assert(
      fc.property(texts, (parts) => {
        const city = parts.join("");
        fc.pre(!city.includes("</parameter>"));
        expect(whole(xml, elements("weather", ["city", city], ["days", "1"]))).toEqual([
          "",
          ["weather", { city, days: 1 }],
        ]);
      }),
      { numRuns: 400 },
    );
  });

  it("never throws, and loses nothing that is content", () => {
    const marks = [
      "<tool_call>",
      "</tool_call>",
      '{"name": "weather", "arguments": ',
      "{",
      "}",
      '"',
      "[",
      "]",
      "(",
      ")",
    ];
    const more = [
      "weather",
      "city=",
      "call:",
      "[TOOL_CALLS]",
      "[ARGS]",
      '<|"|>',
      "<|tool_call>",
      "<function=weather>",
      "<parameter=city>",
      "<parameter=days>\n",
      "\n</parameter>",
      "</function>",
      "\\",
      "'",
      ":",
      ",",
      " ",
    ];
    const families = [hermes, llama, mistral, named, lfm2, gemma4, functionGemma, gemma3, granite, xml];
    const soup = fc.array(fc.oneof(fc.constantFrom(...marks, ...more), fc.string()), { maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...families), soup, (family, pieces) => {
        const { text, calls } = read(family, pieces);
        for (const { name } of calls) expect(functions.has(name)).toBe(true);
        if (calls.length === 0) expect(text).toBe(pieces.join(""));
      }),
      { numRuns: 1000 },
    );
  });

  it("names a call first, and passes its arguments on as they come", () => {
    const { pieces } = read(hermes, Array.from(texts[0]![1]));
    expect(pieces[0]).toEqual({ index: 0, id: "call0", name: "weather", arguments: "{" });
    expect(pieces.slice(1).every((piece) => piece.index === 0 && !("name" in piece))).toBe(true);
    expect(pieces.slice(1).map((piece) => piece.arguments)).toEqual(Array.from('"city": "Paris"}'));
    const keywords = read(lfm2, Array.from("<|tool_call_start|>[add(a=1, b='x')]")).pieces;
    expect(keywords.map((piece) => piece.arguments)).toEqual(['{"a":1', ',"b":"x"}']);
    const given = elements("weather", ["city", 'a"\n<b'], ["days", "12"]);
    const tagged = read(xml, Array.from(given)).pieces;
    expect(tagged[0]).toEqual({ index: 0, id: "call0", name: "weather", arguments: '{"city":"' });
    expect(tagged.slice(1).map((piece) => piece.arguments)).toEqual(["a", '\\"', "\\n<b", '"', ',"days":12', "}"]);
  });

  it("that breaks off within arguments leaves them as they are; the rest is content", () => {
    const cut = read(hermes, ['<tool_call>{"name": "weather", "arguments": {"city": "Par']);
    expect(cut).toMatchObject({ text: "", calls: [{ name: "weather", arguments: '{"city": "Par' }] });
    const wrong = read(hermes, ['<tool_call>{"name": "weather", "arguments": {"city": Paris}}']);
    expect(wrong).toMatchObject({ calls: [{ name: "weather", arguments: '{"city": Paris' }], text: "}}" });
    const keyword = read(lfm2, ["<|tool_call_start|>[add(a=1, a=2)]"]);
    expect(keyword).toMatchObject({ calls: [{ name: "add", arguments: '{"a":1' }] });
    const given = `So.\n${elements("weather", ["city", "Pa\nris"], ["days", "12"])}`;
    const begins = given.indexOf("<parameter=city>") + "<parameter=city>".length;
    for (let end = begins; end < given.length - "</tool_call>".length; end++) {
      const { text, calls } = read(xml, [given.slice(0, end)]);
      expect([text, calls.length]).toEqual(["So.", 1]);
      expect('{"city":"Pa\\nris","days":12}'.startsWith(calls[0]!.arguments)).toBe(true);
    }
    const broken = read(xml, [`${given.slice(0, given.indexOf("<parameter=days>"))}oops`]);
    expect(broken).toMatchObject({ text: "So.\noops", calls: [{ arguments: '{"city":"Pa\\nris"' }] });
    const twice = read(xml, [elements("weather", ["city", "a"], ["city", "b"])]);
    expect(twice.calls).toMatchObject([{ name: "weather", arguments: '{"city":"a"' }]);
  });

  it("of any depth and length takes memory and time in proportion", () => {
    for (const [family, open] of [
      [hermes, '<tool_call>{"name": "add", "arguments": {"a": '],
      [lfm2, "<|tool_call_start|>[add(a="],
      [gemma4, "<|tool_call>call:add{a:"],
      [xml, "<tool_call>\n<function=add>\n<parameter=a>\n"],
    ] as const) {
      const deep = open + "[".repeat(100_000);
      expect(read(family, [deep]).text.length).toBeGreaterThan(99_000);
      const long = `${open}"${"x".repeat(300_000)}"`;
      const closed = `${open}${"[".repeat(100_000)}\n</parameter>\n</function>`;
      expect(() => read(family, [closed])).not.toThrow();
      expect(() => read(family, [long])).not.toThrow();
      expect(read(family, [open.repeat(3000)]).calls.length).toBeLessThanOrEqual(3000);
    }
  });
});
