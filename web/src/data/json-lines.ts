import { MOST_CELLS } from "./delimited.js";
import { TableProblem } from "./problem.js";

const textOf = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** Reads rows from JSON Lines or from one JSON list of objects. Each field becomes a column. */
export function readJsonLines(text: string, fewest = 2): { columns: string[]; records: string[][] } {
  const objects = text.trimStart().startsWith("[") ? parseList(text) : parseLines(text);
  if (objects.length === 0) throw new TableProblem("empty");
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  if (columns.length < fewest) throw new TableProblem("oneColumn");
  // Each line may have different fields, so their number is limited.
  if (columns.length * objects.length > MOST_CELLS) throw new TableProblem("tooLarge");
  // A column may be called like a property of every object, such as "constructor".
  const cell = (object: JsonObject, column: string) => (Object.hasOwn(object, column) ? textOf(object[column]) : "");
  return { columns, records: objects.map((object) => columns.map((column) => cell(object, column))) };
}

type JsonObject = Record<string, unknown>;

function parseLines(text: string): JsonObject[] {
  const objects: JsonObject[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() !== "") objects.push(parseObject(line, i + 1));
  });
  return objects;
}

function parseObject(line: string, at: number): JsonObject {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Reported below as a line that is not an object.
  }
  throw new TableProblem("json", at);
}

function parseList(text: string): JsonObject[] {
  try {
    const list = JSON.parse(text) as unknown[];
    if (list.every((value) => typeof value === "object" && value !== null && !Array.isArray(value)))
      return list as JsonObject[];
  } catch {
    // Reported below.
  }
  throw new TableProblem("json", 1);
}
