import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { root } from "../../scripts/setup/paths.mjs";
import type { FileMap } from "../../ts/io/file-access.js";

const validate = new Ajv({ allErrors: true }).compile(
  JSON.parse(readFileSync(join(root, "docs/report.schema.json"), "utf8")) as object,
);

/** Where the report among a run's files differs from the published schema. */
export function schemaProblems(files: FileMap) {
  const report = JSON.parse(new TextDecoder().decode(files["report.json"])) as object;
  return validate(report) ? [] : validate.errors;
}
