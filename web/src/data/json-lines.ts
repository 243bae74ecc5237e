import { MOST_CELLS } from "./delimited.js";
import { TableProblem } from "./problem.js";

const textOf = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** Reads rows from JSON Lines or from one JSON list of objects. Each field becomes a column. */
export function readJsonLines(text: string, fewest = 2): { columns: string[]; records: string[][] } {
  const objects = text.trimStart().startsWith("[") ? parseList(text) : (listWithin(text) ?? parseLines(text));
  if (objects.length === 0) throw new TableProblem("empty");
  const columns = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  if (columns.length < fewest) throw new TableProblem("oneColumn");
  // Each line may have different fields, so their number is limited.
  if (columns.length * objects.length > MOST_CELLS) throw new TableProblem("tooLarge");
  // A column may be called like a property of every object, such as "constructor".
  const cell = (object: JsonObject, column: string) => (Object.hasOwn(object, column) ? textOf(object[column]) : "");
  return { columns, records: objects.map((object) => columns.map((column) => cell(object, column))) };
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The only list of objects in one object, such as `{"data": [{"text": "…"}]}`; null for anything else. */
function listWithin(text: string): readonly JsonObject[] | null {
  // Lines of objects begin with a whole one, whose parsing ends there.
  if (/^\s*\{[^\n]*\}[^\S\n]*\n\s*\{/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    const lists = isObject(value)
      ? Object.values(value).filter((own) => Array.isArray(own) && own.length > 0 && own.every(isObject))
      : [];
    return lists.length === 1 ? (lists[0] as JsonObject[]) : null;
  } catch {
    return null;
  }
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
    if (isObject(value)) return value;
  } catch {
    // Reported below as a line that is not an object.
  }
  throw new TableProblem("json", at);
}

function parseList(text: string): JsonObject[] {
  try {
    const list = JSON.parse(text) as unknown[];
    if (list.every(isObject)) return list;
  } catch {
    // Reported below.
  }
  throw new TableProblem("json", 1);
}
