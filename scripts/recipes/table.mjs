import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { generator } from "./examples.mjs";

const help = `Reads what run.mjs wrote and prints a table: a row a data set and count, accuracy in per cent.

    node scripts/recipes/table.mjs results.jsonl … [--recipe NAME …] [--select loss] [--measure accuracy] [--seeds]

--select   which evaluation counts: that of the least validation "loss", the best validation "accuracy", or the "last" one; with
           "or-head" behind it ("loss-or-head"), the head alone where it does as well on the validation part
--measure  accuracy or macroF1
--patience  evaluations in a row without a better one after which training would have stopped; default never
--seeds    a row a seed, too

"Head alone" is logistic regression on the frozen vectors of all training examples, validation among them. What stands behind a
mean is a 95 % interval of the difference from it, by bootstrap over seeds.
`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    recipe: { type: "string", multiple: true },
    select: { type: "string", default: "loss" },
    measure: { type: "string", default: "accuracy" },
    seeds: { type: "boolean" },
    patience: { type: "string" },
    help: { type: "boolean" },
  },
});
if (values.help || positionals.length === 0) {
  console.log(help);
  process.exit(values.help ? 0 : 1);
}
const runs = positionals.flatMap((path) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line)),
);
const place = { accuracy: 0, macroF1: 1 }[values.measure];
const names = values.recipe ?? [...new Set(runs.filter(({ curve }) => curve).map(({ name }) => name))];

/**
 * The evaluation that counts. Of two as good the earlier one: it has moved less from the head alone. Where no example was held
 * out ("all"), the last.
 */
function chosen({ curve, recipe }, select) {
  if (select.startsWith("last") || recipe.all) return curve.at(-1);
  const cost = ({ validation: [accuracy, , loss] }) => (select.startsWith("loss") ? loss : -accuracy);
  const measured = withPatience(curve, cost).filter(({ test }) => test !== null);
  return measured.reduce((best, point) => (cost(point) < cost(best) ? point : best));
}

/** The evaluations that there would have been, had training stopped after --patience of them in a row that were no better. */
function withPatience(curve, cost) {
  if (values.patience === undefined) return curve;
  let [lowest, waited] = [Infinity, 0];
  const end = curve.findIndex((point) => {
    waited = cost(point) < lowest ? 0 : waited + 1;
    lowest = Math.min(lowest, cost(point));
    return waited >= Number(values.patience);
  });
  return end < 0 ? curve : curve.slice(0, end + 1);
}

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;

/** 2.5th and 97.5th percentile of the mean of `list`, drawn anew 2,000 times. */
function interval(list) {
  const next = generator(1);
  const means = Array.from({ length: 2000 }, () => mean(list.map(() => list[Math.floor(next() * list.length)])));
  means.sort((a, b) => a - b);
  return [means[49], means[1949]];
}

const percent = (x) => (100 * x).toFixed(1);
const signed = (x) => `${x >= 0 ? "+" : "−"}${Math.abs(100 * x).toFixed(1)}`;

const rows = new Map();
for (const run of runs) {
  const place = `${run.dataset} ${run.count}`;
  rows.set(place, [...(rows.get(place) ?? []), run]);
}
console.log(`| data | classes | examples | seeds | largest class | head alone | ${names.join(" | ")} |`);
console.log(`|---|--:|--:|--:|--:|--:|${names.map(() => "--:").join("|")}|`);
for (const group of rows.values()) {
  const seeds = [...new Map(group.map((run) => [run.seed, run])).values()];
  const alone = new Map(seeds.map(({ seed, probeAll }) => [seed, probeAll[values.measure]]));
  const measured = group.filter(({ probeValidation }) => probeValidation);
  const validated = new Map(measured.map(({ seed, probeValidation }) => [seed, probeValidation]));
  const result = (run) => {
    const point = chosen(run, values.select);
    if (!values.select.endsWith("or-head") || run.recipe.all) return point.test[place];
    const head = validated.get(run.seed);
    const better = values.select.startsWith("loss")
      ? point.validation[2] < head.loss
      : point.validation[0] > head.accuracy;
    return better ? point.test[place] : alone.get(run.seed);
  };
  const cells = names.map((name) => {
    const of = group.filter((run) => run.name === name);
    if (of.length === 0) return "";
    const points = of.map(result);
    const differences = of.map(({ seed }, i) => points[i] - alone.get(seed));
    const range =
      of.length > 1 ? ` (${interval(differences).map(signed).join(" … ")})` : ` (${signed(differences[0])})`;
    const each = values.seeds ? ` [${points.map(percent).join(" ")}]` : "";
    return percent(mean(points)) + range + each;
  });
  const [{ dataset, classes, sizes }] = group;
  const largest = percent(mean(seeds.map(({ largestClass }) => largestClass)));
  const examples = sizes.train + sizes.validation;
  console.log(
    `| ${[dataset, classes, examples, seeds.length, largest, percent(mean([...alone.values()])), ...cells].join(" | ")} |`,
  );
}
