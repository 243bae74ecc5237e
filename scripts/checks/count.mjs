import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../setup/paths.mjs";

/** Adds up cargo's "test result" lines, one a test binary. */
export function countCargo(output) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    total.passed += Number(passed);
    total.failed += Number(failed);
    total.skipped += Number(ignored);
  }
  return total;
}

/** Where a check by vitest leaves its JSON report. */
export const vitestReport = (name) => join(root, `build/${name}.json`);

/**
 * Reads vitest's JSON report: `{ passed, failed, skipped, names }`, where `names` are those of the failed and the skipped tests.
 * A file that could not be loaded ran no test: it counts as one failure.
 */
export function countVitest(report) {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0, names: [] };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  const failed = numFailedTests + broken.length;
  return {
    passed: numPassedTests,
    failed,
    skipped: numPendingTests + numTodoTests,
    names: namesOfFailures(testResults),
  };
}

/** The test files of a report with failed tests; empty if something else is wrong: a file could not be loaded, or another one skips tests. */
export function failedFiles(report) {
  if (!existsSync(report)) return [];
  const files = JSON.parse(readFileSync(report, "utf8")).testResults;
  const failed = files.filter(({ status }) => status === "failed");
  // Where a hook fails, the tests of its file are skipped.
  const isWhole = ({ assertionResults }) => assertionResults.every(({ status }) => status === "passed");
  const others = files.filter(({ status }) => status !== "failed");
  if (failed.some(({ assertionResults }) => assertionResults.length === 0) || !others.every(isWhole)) return [];
  return [...new Set(failed.map(({ name }) => relative(root, name)))];
}

/** A line for each test that did not pass, and for each file that could not be loaded. */
function namesOfFailures(files) {
  return files.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    if (status === "failed" && assertionResults.length === 0) return [`${file}: it could not be loaded`];
    return assertionResults.filter((test) => test.status !== "passed").map((test) => failureLine(file, test, message));
  });
}

/** @param hook the message of the file, which a hook that fails gives in place of its tests' */
function failureLine(file, { status, fullName, failureMessages }, hook) {
  const message = (failureMessages?.[0] ?? hook).split("\n")[0].slice(0, 200) || status;
  return `${file}: ${fullName}: ${message}`;
}
