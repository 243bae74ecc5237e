// @needs browser
// @rest studio
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Field, fieldsOf, hasValues, kinds, schemaOf, shapeOf } from "../../web/src/data/answers/fields.js";
import { functionsFrom, toolOf } from "../../web/src/data/answers/functions.js";
import { lineOf, placeOf, placesIn } from "../../web/src/data/answers/json-places.js";
import { messagesOf } from "../../web/src/engine/chat/messages-of.js";
import { CausalLanguageModel } from "../../ts/index.js";
import { decoderFiles } from "../models/language/golden-decoder.js";

const name = fc.stringMatching(/^[a-z]([a-z0-9_ ]{0,7}[a-z0-9_])?$/);
const field: fc.Arbitrary<Field> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    values: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
    name,
    required: fc.boolean(),
  })
  .map(({ values, ...rest }) => ({ ...rest, values: hasValues(rest.kind) ? values : [] }));
const fields = fc.uniqueArray(field, { selector: ({ name }) => name, maxLength: 5 });

describe("fields of answers", () => {
  it("are the same after their JSON Schema was read", () => {
    fc.assert(fc.property(fields, (given) => void expect(fieldsOf(schemaOf(given))).toEqual(given)));
  });

  it("are none where a schema says more", () => {
    const list = { type: "object", properties: { a: { type: "array", items: { type: "number" } } } };
    const commas = { type: "object", properties: { a: { type: "string", enum: ["a, b", "c"] } } };
    const numbers = { type: "object", properties: { a: { type: "string", enum: [1, 2] } } };
    const longer = { type: "object", properties: { a: { type: "string", minLength: 2 } } };
    const others = [
      list,
      commas,
      numbers,
      longer,
      { type: "array" },
      { ...schemaOf([]), additionalProperties: true },
      { ...schemaOf([]), required: ["a"] },
    ];
    for (const schema of others) expect(shapeOf(schema)).toEqual({ fields: [], written: schema });
  });

  it("bind answers of a model to their kinds", async () => {
    using model = await CausalLanguageModel.load(await decoderFiles("llama"));
    const given: Field[] = [
      { name: "sure", kind: "yesNo", values: [], required: true },
      { name: "mood", kind: "oneOf", values: ["warm", "cold"], required: true },
    ];
    let text = "";
    for await (const piece of model.generate("a", { schema: schemaOf(given), maxTokens: 60 })) text += piece;
    const { sure, mood, ...more } = JSON.parse(text) as Record<string, unknown>;
    expect([typeof sure, ["warm", "cold"].includes(mood as string), more]).toEqual(["boolean", true, {}]);
  });
});

describe("places in JSON", () => {
  it("are those at which each value begins", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const found = placesIn(text);
        expect("places" in found).toBe(true);
        if (!("places" in found)) return;
        for (const place of found.places.values()) expect(text[place]).toMatch(/[[{"\-\dtfn]/);
      }),
    );
    const text = '{\n  "a": [1, {"b": "x"}],\n  "c": null\n}';
    const found = placesIn(text) as { places: ReadonlyMap<string, number> };
    const at = Object.fromEntries([...found.places].map(([path, place]) => [path, text.slice(place, place + 3)]));
    expect(at).toEqual({ "": "{\n ", a: "[1,", "a[0]": "1, ", "a[1]": '{"b', "a[1].b": '"x"', c: "nul" });
    expect(placeOf(found.places, "a[1].z.y")).toBe(found.places.get("a[1]"));
    expect(placeOf(found.places, "q")).toBe(0);
    expect(lineOf(text, found.places.get("c")!)).toEqual({ line: 3, column: 8 });
  });

  it("end where a text stops being JSON, in exactly the texts that JSON.parse refuses", () => {
    expect(placesIn('{"a": 1,}')).toEqual({ error: 8 });
    expect(placesIn('{"a" 1}')).toEqual({ error: 5 });
    expect(placesIn("[1] 2")).toEqual({ error: 4 });
    expect(placesIn("")).toEqual({ error: 0 });
    const isJson = (text: string) => {
      try {
        return (JSON.parse(text), true);
      } catch {
        return false;
      }
    };
    const cut = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "x", "]", '"', "\\", "-"))
      .map(([text, place, more]) => {
        const at = place % (text.length + 1);
        return text.slice(0, at) + more + text.slice(at + 1);
      });
    fc.assert(
      fc.property(cut, (text) => void expect("places" in placesIn(text)).toBe(isJson(text))),
      { numRuns: 2000 },
    );
  });
});

describe("functions in JSON", () => {
  it("are read in OpenAI's form, alone and as a list, and written again", () => {
    const weather = { name: "weather", description: "The weather", parameters: schemaOf([]) };
    const tool = { type: "function", function: weather };
    for (const given of [tool, weather, [tool], [weather]]) {
      const found = functionsFrom(given);
      expect(Array.isArray(found) && found.map(toolOf)).toEqual([tool]);
    }
  });

  it("are refused by name and number", () => {
    const one = { name: "one" };
    expect(functionsFrom([one, 3])).toEqual({ kind: "noFunction", place: 1 });
    expect(functionsFrom([one, { name: "zwei ä" }])).toEqual({ kind: "name", place: 1 });
    expect(functionsFrom([one, one])).toEqual({ kind: "twice", place: 1 });
    expect(functionsFrom({ ...one, parameters: [] })).toEqual({ kind: "parameters", place: 0 });
  });
});

it("calls with their results are messages of the conversation; without one they are left out", () => {
  const call = { id: "a1", name: "weather", arguments: "{}", result: "rain" };
  const answer = (steps: object[]) => ({ base: { steps, form: "free", state: "done", speed: null } as never });
  const turns = [
    {
      said: "one",
      instructions: "",
      answers: answer([
        { text: "", calls: [call] },
        { text: "It rains.", calls: [] },
      ]),
    },
    { said: "two", instructions: "", answers: answer([{ text: "well", calls: [{ ...call, result: null }] }]) },
    { said: "three", instructions: "", answers: answer([{ text: "", calls: [] }]) },
  ];
  const written = { id: "a1", type: "function", function: { name: "weather", arguments: "{}" } };
  expect(messagesOf(turns, "base", "Be brief.")).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "one" },
    { role: "assistant", content: "", tool_calls: [written] },
    { role: "tool", tool_call_id: "a1", name: "weather", content: "rain" },
    { role: "assistant", content: "It rains." },
    { role: "user", content: "two" },
    { role: "assistant", content: "well" },
    { role: "user", content: "three" },
  ]);
});
