// node bench/serve/schema.mjs [--threads 1] [--rounds 4] [--fields 50] [--tokens 120] [--weights Q4_1], after `npm run build`: milliseconds
// to compile a JSON Schema, and what it costs a token after its first use, beside a text of as many tokens without a schema.
import { circumstances, loadModel, median, printTable, promptIds, readOptions } from "./options.mjs";

const { file, weights, threads, rounds, fields, tokens } = readOptions({ rounds: 4, fields: 50, tokens: 120 });
const model = await loadModel(file, threads);
const kinds = [
  { type: "string" },
  { type: "integer", minimum: 0, maximum: 1000 },
  { type: "number" },
  { type: "boolean" },
  { enum: ["small", "medium", "large"] },
  { type: "string", format: "date" },
  { type: "array", items: { type: "string", maxLength: 20 }, maxItems: 4 },
  { type: "object", properties: { x: { type: "number" }, y: { type: "number" } }, required: ["x", "y"] },
  { anyOf: [{ type: "null" }, { type: "string", pattern: "^[a-z]{2,8}$" }] },
  { type: "string", maxLength: 40 },
];
/** All fields of a schema are required; schemas of other seeds have other names. */
function schemaOf(seed) {
  const properties = Object.fromEntries(
    Array.from({ length: fields }, (_, i) => [`field_${seed}_${i}`, kinds[i % kinds.length]]),
  );
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}
const prompt = promptIds(16, 0);
const limits = { maxTokens: tokens, logProbabilities: false };

/** Milliseconds to the first token, and of each later one. */
async function timed(options) {
  const asked = performance.now();
  const stream = model.generateTokens(prompt, { ...limits, ...options });
  const taken = performance.now() - asked;
  let [first, made] = [0, 0];
  for await (const _ of stream) {
    first ||= performance.now();
    made++;
  }
  return { compile: taken, first: first - asked, token: (performance.now() - first) / (made - 1), made };
}

const free = () => timed({ ignoreEnd: true });
// The vocabulary's tree is made once, for all schemas.
await free();
const tree = await timed({ schema: { type: "boolean" }, maxTokens: 1 });
const [compiles, ratios, bound, without, firstUse] = [[], [], [], [], []];
for (let round = 0; round < rounds; round++) {
  const schema = schemaOf(round);
  const first = await timed({ schema });
  const later = await timed({ schema });
  const plain = await free();
  if (later.made !== tokens || plain.made !== tokens) throw new Error(`${later.made} and ${plain.made} tokens`);
  compiles.push(first.compile);
  firstUse.push(first.token);
  bound.push(later.token);
  without.push(plain.token);
  ratios.push(later.token / plain.token);
}
const value = (number) => number.toFixed(2);
printTable(
  `A schema of ${fields} fields, ${circumstances(weights, threads)}: goals ≤ 200 ms and ≤ 5 %`,
  ["", "median", "most"],
  [
    ["to compile a schema, ms", value(median(compiles)), value(Math.max(...compiles))],
    ["first text of a model with any schema, to its first token, ms", value(tree.first), ""],
    ["a token without a schema, ms", value(median(without)), value(Math.max(...without))],
    ["a token in a schema's first use, ms", value(median(firstUse)), value(Math.max(...firstUse))],
    ["a token later, ms", value(median(bound)), value(Math.max(...bound))],
    ["cost of a token later, %", value(100 * (median(ratios) - 1)), value(100 * (Math.max(...ratios) - 1))],
  ],
);
model.dispose();
