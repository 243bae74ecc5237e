import { Template } from "@huggingface/jinja";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CausalLanguageModel, ModelError } from "../../../ts/index.js";
import { boundedTemplate, parsed } from "../../../ts/models/language/bounded-template.js";
import { goldenJson } from "../../golden.js";
import { decoderFiles } from "./golden-decoder.js";

const said = [{ role: "user", content: "a film" }];
const thrown = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return null;
};

/** What templates are made of, white space and its control above all. */
const piece = fc.constantFrom(
  "{%",
  "{%-",
  "%}",
  "-%}",
  "{{",
  "{{-",
  "}}",
  "-}}",
  "{#",
  "{#-",
  "#}",
  "-#}",
  " ",
  "  ",
  "\n",
  "\t",
  "\r\n",
  "\u2028",
  "\ufeff",
  "generation",
  "endgeneration",
  "{% generation %}",
  "{%- generation -%}",
  "{% endgeneration %}",
  "{%- endgeneration -%}",
  "{%-endgeneration%}",
  "{% if true %}",
  "{% endif %}",
  "{{ 1 -}}",
  "{{ messages[0].content }}",
  "a",
  "{",
  "%",
  "-",
  "'",
  "# b",
);

describe("templates of strangers", () => {
  it("are read as the library reads them", async () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const source = pieces.join("");
        let [own, library]: unknown[] = [];
        const error = thrown(() => (library = new Template(source).parsed));
        expect(thrown(() => (own = parsed(source)))).toBe(error);
        expect(own).toEqual(library);
      }),
      { numRuns: 3000 },
    );
  });

  it("are written as the library writes them", async () => {
    const { chat } = await goldenJson<{ chat: { template: string; messages: object[]; options: object }[] }>(
      "language.json",
    );
    expect(chat.length).toBeGreaterThan(5);
    for (const { template, messages, options } of chat) {
      const variables = { messages, bos_token: "<s>", eos_token: "</s>", ...options };
      expect(boundedTemplate(template)(variables, messages.length)).toBe(new Template(template).render(variables));
    }
  });

  it("are read in time that goes with their length", async () => {
    const length = 262_000;
    const filled = (text: string) => text.repeat(length / text.length);
    const sources = [
      " ",
      "\t",
      "\n",
      " \n",
      "{{ 1 -}}",
      "{{ 1 -}} ",
      "{%",
      "{% generation ",
      "{% generation %} ",
      "{%- if",
      "{#",
      "{# a -#} ",
    ];
    // A quadratic reading of one of them takes longer than a test may.
    for (const text of sources) thrown(() => parsed(filled(text)));
    const between = `{% generation %}${" ".repeat(length)}{%- endgeneration %}`;
    expect(parsed(between)).toMatchObject({ type: "Program" });
  });

  it("end soon, however many messages there are", async () => {
    const messages = Array.from({ length: 200 }, () => said[0]!);
    const loops = (depth: number, body = "") =>
      "{% for a in messages %}".repeat(depth) + body + "{% endfor %}".repeat(depth);
    const long = "{{ 1 }}".repeat(1000);
    const sources = [
      loops(3),
      loops(4, "{{ nothing }}"),
      loops(2, "{% for b in range(1000) %}{% endfor %}"),
      `{% for a in range(30000) %}{% macro m() %}${long}{% endmacro %}{% endfor %}`,
      "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{% else %}" +
        "{% for a in range(20000) %}{{ x }}{{ y }}{{ z }}{% endfor %}{% endif %}{% endmacro %}{{ m(200) }}",
    ];
    for (const source of sources) {
      const template = boundedTemplate(source);
      const error = thrown(() => template({ messages }, messages.length));
      expect(error, source.slice(0, 100)).toMatch(/too many steps/);
    }
  });

  it("have room for long conversations", () => {
    const messages = Array.from({ length: 5000 }, (_, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: "a",
    }));
    const source =
      "{% set ns = namespace(last='') %}{% for m in messages %}{% set ns.last = messages[loop.index0 - 1].role %}" +
      "{% if m.role == 'user' and ns.last != 'user' %}<u>{{ m.content | trim }}{% else %}<a>{{ m.content }}{% endif %}{% endfor %}";
    expect(boundedTemplate(source)({ messages }, messages.length)).toBe("<u>a<a>a".repeat(2500));
  });

  it("cannot grow a value after it was measured", () => {
    const list = `[${"ns, ".repeat(2000)}ns]`;
    const source =
      `{% set ns = namespace(s='abcdefgh') %}{% set l = ${list} %}` +
      "{% for a in range(20) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ l | tojson | length }}";
    expect(() => boundedTemplate(source)({}, 1)).toThrow(/16000000/);
    const around = "{% set ns = namespace() %}{% set ns.a = ns %}{% set ns.b = ns %}{{ ns | tojson }}";
    expect(() => boundedTemplate(around)({}, 1)).toThrow(/16000000|too many steps/);
  });

  it("that fail say what is wrong with them", async () => {
    const wrong: [string, RegExp][] = [
      [
        "{{ raise_exception('') }}",
        /does not work for these messages: it calls raise_exception, which says no reason$/,
      ],
      ["{{ raise_exception() }}", /does not work for these messages: it calls raise_exception, which says no reason$/],
      ["{% break %}", /does not work for these messages: it has a break or continue outside of a loop$/],
      ["{% for", /cannot be read: Unexpected end of input$/],
      ["{% for a in [1] %}a", /cannot be read: it ends within a statement or an expression$/],
      ["{% if true %}a", /cannot be read: it ends within a statement or an expression$/],
      [`{{ ${"(".repeat(100_000)} }}`, /cannot be read: it is nested too deeply/],
      [
        "{{ messages[0].get() }}",
        /does not work for these messages: it calls something without a value that this needs$/,
      ],
      ["{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}", /nested too deeply|too many steps/],
    ];
    for (const [chat_template, message] of wrong) {
      const settings = { "tokenizer_config.json": new TextEncoder().encode(JSON.stringify({ chat_template })) };
      using model = await CausalLanguageModel.load({ ...(await decoderFiles("qwen2")), ...settings });
      expect(() => model.applyChatTemplate(said), chat_template.slice(0, 80)).toThrow(ModelError);
      const words = thrown(() => model.applyChatTemplate(said));
      expect(words).toMatch(message);
      expect(words).not.toMatch(/undefined|null|: $/);
    }
  });

  it("may ask for the first of nothing", () => {
    const source = "a{{ [] | first }}b{{ ([] | last) is defined }}{% if [] | first %}c{% endif %}";
    expect(boundedTemplate(source)({}, 1)).toBe("abfalse");
  });
});
