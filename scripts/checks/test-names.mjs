// node scripts/checks/test-names.mjs BEFORE.json AFTER.json: the tests that one of vitest's JSON reports has and a later one lacks.
// Names count, not files, so that a test may move. Ends with 1 if a name is gone.
import { readFileSync } from "node:fs";

function namesIn(file) {
  const { testResults } = JSON.parse(readFileSync(file, "utf8"));
  return new Map(
    testResults.flatMap(({ name, assertionResults }) => assertionResults.map((test) => [test.fullName, name])),
  );
}

const [before, after] = process.argv.slice(2).map(namesIn);
if (after === undefined)
  throw new Error("two reports are compared: node scripts/checks/test-names.mjs BEFORE.json AFTER.json");
const gone = [...before].filter(([name]) => !after.has(name));
for (const [name, file] of gone) console.log(`gone: ${name} (${file})`);
const added = [...after.keys()].filter((name) => !before.has(name)).length;
console.log(`${before.size} names before, ${after.size} after: ${gone.length} gone, ${added} new`);
if (gone.length > 0) process.exitCode = 1;
