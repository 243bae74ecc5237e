import { ConfigError } from "../../errors/errors.js";
import { choice, nothing, type Part, reference, type Rule, sequence, text, texts } from "../parts.js";
import { parsedRegex, rangesOf, searching, wholly } from "../regex/regex-part.js";
import type { Regex } from "../regex/syntax.js";
import { array, keysBut, object, type Property, reusable } from "./containers.js";
import { formats, patternBeside } from "./formats.js";
import { jsonLength } from "./json-length.js";
import { allTypes, annotations, constraintsOf, isKnown, referred, type Schema, typeOfKeyword } from "./keywords.js";
import { canonical, mergedSchemas } from "./merge.js";
import { integersBetween, neighbour, numbersBetween } from "./numbers.js";
import { SchemaFields, withoutPropertyNames } from "./schema-values.js";
import { jsonTexts, type TextStyle } from "./text-style.js";
import { isText, ValueTypes } from "./value-types.js";

/** Most schemas that are read, copies for branches counted. */
const MOST_SCHEMAS = 20_000;
/** Most schemas that references and allOf join. */
const MOST_JOINED = 200_000;
/** Characters of a joined schema that count as another one. */
const JOINED_CHARACTERS = 30;
/** Keywords of a joined schema, annotations included, that count as another one. */
const JOINED_KEYWORDS = 4;
/** Deepest schemas within schemas, without references. */
const DEEPEST = 300;
/** Most schemas of a rule that are read at once. */
const MOST_TOGETHER = 100;

/** Most size of numbers and strings, by their parts and sets of characters: before states are made of them. */
const MOST_SIZE = 1_000_000;

/** What the schemas of a format have taken together. */
export interface SchemaBudget {
  read: number;
  joined: number;
  size: number;
}

/** What they have taken before the first. */
export const newBudget = (): SchemaBudget => ({ read: 0, joined: 0, size: 0 });

/** A schema without references and branches, and the branches: one of each list applies too. */
interface Flat {
  readonly base: Schema;
  readonly branches: readonly (readonly Schema[])[];
}

/** Turns a JSON Schema into the JSON texts that it allows, as `JSON.stringify` writes them, with properties in the schema's order. */
export class SchemaReader {
  private readonly rules = new Map<string, Rule>();
  /** Numbers and strings, by what limits them: places that say the same share their states. */
  private readonly leaves = new Map<string, Part>();
  /** Number of schemas of the rule that is read. */
  private together = 0;
  private readonly any: Rule = {
    name: "a value of any type",
    part: () => this.ofTypes(this.fields("schema", {}), allTypes, 0),
  };

  private constructor(
    private readonly what: string,
    private readonly root: Schema,
    private readonly spent: SchemaBudget = newBudget(),
    private readonly texts: TextStyle = jsonTexts,
  ) {}

  /** The rule of a schema's texts. Throws `UnsupportedError` for a keyword that is not supported, `ConfigError` for an invalid one. */
  static rule(what: string, schema: Schema, path = "schema", spent?: SchemaBudget): Rule {
    const reader = new SchemaReader(what, schema, spent);
    return reader.ruleOf("#", path, () => schema);
  }

  /**
   * The properties that an object's schema names. Throws as `rule` does, also for a schema with references or branches at its root.
   * @param texts how values are written that are strings or null, and nothing else; default: as the others, in JSON
   */
  static properties(
    what: string,
    schema: Schema,
    path: string,
    spent?: SchemaBudget,
    texts = jsonTexts,
  ): readonly Property[] {
    const reader = new SchemaReader(what, schema, spent);
    const own = reader.fields(path, Object(schema) as object);
    reader.checkKeywords(own);
    const beside = Object.keys(constraintsOf(own.fields)).find((key) => !OF_OBJECTS.has(key));
    if (beside !== undefined) throw own.unsupported(beside, "is not supported at the root of these arguments");
    const types = new ValueTypes(schema);
    const ofTexts = new SchemaReader(what, schema, spent, texts);
    return reader.propertiesOf(own, 0, (value) => (isText(types.of(value)) ? ofTexts : reader));
  }

  private ruleOf(key: string, path: string, schema: () => Schema): Rule {
    let rule = this.rules.get(key);
    if (rule === undefined) this.rules.set(key, (rule = this.later(path, () => this.part(schema(), path, 0))));
    return rule;
  }

  private count(path: string, depth: number): void {
    if (depth > DEEPEST) throw this.tooMany(path, DEEPEST, "within each other");
    if (++this.spent.read > MOST_SCHEMAS) throw this.tooMany(path, MOST_SCHEMAS, "in all");
  }

  private countJoined(path: string, depth: number, schemas: number): void {
    if (depth > DEEPEST) throw this.tooMany(path, DEEPEST, "within each other");
    if ((this.spent.joined += schemas) > MOST_JOINED) throw this.tooMany(path, MOST_JOINED, "in allOf and references");
  }

  private tooMany(path: string, length: number, where: string): ConfigError {
    return new ConfigError(
      `${this.what}: ${path.slice(0, 200)}: more than ${length} schemas ${where}, ` +
        "which also branches (anyOf) in combination make, and references that lead back to themselves",
      { op: this.what, option: "schema", length },
    );
  }

  /** The texts of a schema within another: of a rule of their own, read later, where its rule has very many. */
  private within(schema: Schema, path: string, depth: number): Part {
    if (++this.together <= MOST_TOGETHER) return this.part(schema, path, depth);
    return reference(this.later(path, () => this.part(schema, path, depth)));
  }

  /** A rule that is read in a piece of work of its own. */
  private later(name: string, read: () => Part): Rule {
    const part = () => {
      this.together = 0;
      return read();
    };
    return { name, part };
  }

  private part(schema: Schema, path: string, depth: number): Part {
    this.count(path, depth);
    if (schema === false) return nothing;
    const own = this.fields(path, schema === true ? {} : schema);
    this.checkKeywords(own);
    const bare = constraintsOf(own.fields);
    const names = Object.keys(bare);
    if (names.length === 0) return reference(this.any);
    if (names.length === 1 && names[0] === "$ref") return reference(this.referredRule(own));
    if (!own.has("$ref") && !own.has("allOf")) return this.combined(bare, path, depth);
    return reference(this.joinedRule(bare, path));
  }

  /** The rule of a schema with `$ref` or `allOf`, which may lead back to itself: places that say the same share one. */
  private joinedRule(bare: Schema, path: string): Rule {
    const key = JSON.stringify(bare);
    // Joining may make larger and larger schemas.
    this.countJoined(path, 0, key.length / JOINED_CHARACTERS);
    let rule = this.rules.get(key);
    if (rule === undefined) this.rules.set(key, (rule = this.later(path, () => this.combined(bare, path, 0))));
    return rule;
  }

  /** The texts of a schema with references, `allOf` and branches. */
  private combined(bare: Schema, path: string, depth: number): Part {
    const { base, branches } = this.flat(bare, path, new Set());
    if (base === false) return nothing;
    if (branches.length === 0) return this.leaf(this.fields(path, base as object), depth);
    const [first, ...others] = branches;
    const before = isFree(base) ? [] : [base];
    const after = others.map((anyOf) => ({ anyOf }));
    return choice(
      first!.map((branch) => {
        if (before.length + after.length === 0) return this.within(branch, path, depth + 1);
        this.count(path, depth + 1);
        const joined = () => this.combined({ allOf: [...before, branch, ...after] }, path, depth + 1);
        return ++this.together <= MOST_TOGETHER ? joined() : reference(this.later(path, joined));
      }),
    );
  }

  /** Collects what a schema demands by itself, by a reference and by `allOf`, which come first. */
  private flat(schema: Schema, path: string, seen: Set<string>, depth = 0): Flat {
    if (typeof schema === "boolean") return { base: schema, branches: [] };
    const { allOf, ...further } = constraintsOf(schema);
    this.countJoined(path, depth, 1 + Object.keys(schema).length / JOINED_KEYWORDS + sizeOf(further));
    const own = this.fields(path, schema);
    this.checkKeywords(own);
    // Schemas are joined below, which needs objects.
    own.named("properties");
    own.schema("additionalProperties", true);
    const { $ref, anyOf, oneOf, ...rest } = further;
    const parts: Flat[] = [];
    if ($ref !== undefined) {
      const pointer = own.text("$ref");
      if (seen.has(pointer)) throw own.unsupported("$ref", "leads back to itself");
      seen.add(pointer);
      parts.push(this.flat(this.referredSchema(own), path, seen, depth + 1));
      seen.delete(pointer);
    }
    if (allOf !== undefined)
      for (const part of own.schemas("allOf")) parts.push(this.flat(part, path, seen, depth + 1));
    const branches = parts.flatMap((part) => part.branches);
    if (anyOf !== undefined) branches.push(own.schemas("anyOf"));
    if (oneOf !== undefined) branches.push(own.schemas("oneOf"));
    const fail = (keyword: string) =>
      own.unsupported(keyword, "has two values here that cannot be joined (allOf, $ref)");
    const base = [...parts.map((part) => part.base), rest].reduce((a, b) => {
      this.countJoined(path, depth, sizeOf(a) + sizeOf(b));
      return mergedSchemas(a, b, fail);
    });
    return { base, branches };
  }

  private checkKeywords(own: SchemaFields): void {
    for (const [keyword, value] of Object.entries(own.fields))
      if (!isKnown(keyword, value)) throw own.unsupported(keyword, "is not a keyword that is supported");
  }

  private referredSchema(own: SchemaFields): Schema {
    const pointer = own.text("$ref");
    if (!pointer.startsWith("#")) throw own.unsupported("$ref", "names another document: put it under $defs");
    const found = referred(this.root, pointer);
    if (found === null) throw own.wrong("$ref", "a place in this schema, as #/$defs/name");
    return found;
  }

  private referredRule(own: SchemaFields): Rule {
    const pointer = own.text("$ref");
    const schema = this.referredSchema(own);
    return this.ruleOf(pointer, pointer, () => schema);
  }

  /** The texts of a schema without references and branches. */
  private leaf(own: SchemaFields, depth: number): Part {
    if (own.has("const") || own.has("enum")) return this.listed(own);
    return this.ofTypes(own, this.typesOf(own), depth);
  }

  private listed(own: SchemaFields): Part {
    const beside = Object.keys(own.fields).find((key) => !["const", "enum", "type"].includes(key));
    if (beside !== undefined) throw own.unsupported(beside, "beside const or enum is not supported");
    const types = own.has("type") ? this.typesOf(own) : null;
    const fixed = own.has("const") ? canonical(own.fields["const"]) : null;
    const values = own.has("enum") ? own.items("enum") : [own.fields["const"]];
    const written = values.filter((value) => types === null || types.some((type) => isOfType(value, type)));
    const all = written.filter((value) => fixed === null || canonical(value) === fixed);
    const spelled = all.map((value) => this.texts.written(value)).filter((value) => value !== null);
    return spelled.length === 0 ? nothing : texts(spelled);
  }

  private typesOf(own: SchemaFields): readonly string[] {
    const given = own.fields["type"];
    if (given === undefined) {
      const implied = new Set(Object.keys(own.fields).map(typeOfKeyword));
      return allTypes.filter((type) => implied.size === 0 || implied.has(type));
    }
    const types = typeof given === "string" ? [given] : [...new Set(own.texts("type"))];
    const strange = types.find((type) => type !== "integer" && !(allTypes as readonly string[]).includes(type));
    if (strange !== undefined) throw own.wrong("type", `of ${[...allTypes, "integer"].join(", ")}`);
    return types.includes("number") ? types.filter((type) => type !== "integer") : types;
  }

  private ofTypes(own: SchemaFields, types: readonly string[], depth: number): Part {
    const parts = types.map((type) => {
      if (type === "object") return this.object(own, depth);
      if (type === "array") return this.array(own, depth);
      if (type === "string") return this.string(own);
      if (type === "boolean") return texts(["true", "false"]);
      return type === "null" ? text("null") : this.number(own, type === "integer");
    });
    return parts.length === 0 ? nothing : choice(parts);
  }

  private number(own: SchemaFields, isInteger: boolean): Part {
    const [above, below] = [own.number("exclusiveMinimum", -Infinity), own.number("exclusiveMaximum", Infinity)];
    const least = Math.max(own.number("minimum", -Infinity), above === -Infinity ? above : neighbour(above, 1));
    const most = Math.min(own.number("maximum", Infinity), below === Infinity ? below : neighbour(below, -1));
    return this.shared(own, `${isInteger} ${least} ${most}`, () =>
      isInteger ? integersBetween(least, most) : numbersBetween(least, most),
    );
  }

  /** A number's or string's part: that of an earlier place with the same key. */
  private shared(own: SchemaFields, key: string, make: () => Part): Part {
    let part = this.leaves.get(key);
    if (part !== undefined) return part;
    part = make();
    this.countSize(own.path, part.size);
    this.leaves.set(key, (part = reusable(part, own.path)));
    return part;
  }

  private countSize(path: string, size: number): void {
    if ((this.spent.size += size) <= MOST_SIZE) return;
    const problem = "numbers and strings with limits take too many states together: make it smaller";
    throw new ConfigError(`${this.what}: ${path.slice(0, 200)}: ${problem}`, {
      op: this.what,
      option: "schema",
      length: MOST_SIZE,
    });
  }

  private string(own: SchemaFields): Part {
    const [least, most] = [own.count("minLength", 0), own.count("maxLength", Infinity)];
    const key = JSON.stringify([own.joined("pattern"), own.joined("format"), least, most]);
    return this.shared(own, key, () => {
      const regexes = this.expressions(own);
      this.countSize(own.path, rangesOf(regexes));
      return regexes.length === 0 ? this.texts.ofLength(least, most) : this.matching(own, regexes, least, most);
    });
  }

  private matching(own: SchemaFields, regexes: readonly Regex[], least: number, most: number): Part {
    const part = this.texts.matching(regexes, least, most);
    if (part !== null) return part;
    throw own.unsupported(
      own.has("pattern") ? "pattern" : "format",
      "takes too many states with minLength, maxLength, a format or another pattern: write them all into one pattern",
    );
  }

  /** What a string matches: each pattern, and each format. */
  private expressions(own: SchemaFields): readonly Regex[] {
    const given = own.joined("format");
    const known = given.filter((format) => formats.has(format));
    const parsed = (keyword: string, source: string) => parsedRegex(this.what, `${own.path}.${keyword}`, source);
    const patterns = own
      .joined("pattern")
      .map((pattern) => searching(parsed("pattern", patternBeside(pattern, known))));
    // As JSON Schema has it, an unknown format only annotates. Alone it is refused: the string would be any text.
    if (known.length < given.length && patterns.length + known.length === 0)
      throw own.unsupported("format", `is none of ${[...formats.keys()].join(", ")}: write it as a pattern`);
    return [...patterns, ...known.map((format) => wholly(parsed("format", formats.get(format)!)))];
  }

  private array(own: SchemaFields, depth: number): Part {
    const isTuple = Array.isArray(own.fields["items"]);
    if (isTuple && own.has("prefixItems")) throw own.unsupported("items", "as a list beside prefixItems");
    const list = isTuple ? "items" : "prefixItems";
    const first = own.has(list) && own.list(list).length > 0 ? own.schemas(list) : [];
    const rest = own.schema(isTuple ? "additionalItems" : "items", true);
    return array(
      first.map((schema, place) => this.within(schema, `${own.path}.${list}[${place}]`, depth + 1)),
      this.part(rest, `${own.path}.items`, depth + 1),
      own.count("minItems", 0),
      own.count("maxItems", Infinity),
    );
  }

  private object(given: SchemaFields, depth: number): Part {
    const own = given.has("propertyNames") ? this.fields(given.path, withoutPropertyNames(given)) : given;
    const properties = this.propertiesOf(own, depth);
    const rest = othersOf(own);
    if (rest === false) return object(properties, null);
    const value = this.part(rest, `${own.path}.additionalProperties`, depth + 1);
    return object(properties, sequence(keysBut(properties.map(({ name }) => name)), text(":"), value));
  }

  /** @param readerOf what reads a property's schema */
  private propertiesOf(own: SchemaFields, depth: number, readerOf = (_: Schema): SchemaReader => this): Property[] {
    const named = own.named("properties");
    const required = new Set(own.texts("required"));
    const rest = othersOf(own);
    const isClosed = own.has("additionalProperties") && rest === false;
    // Required properties without a schema of their own follow the others.
    const more = [...required].filter((name) => !named.has(name));
    const all = [...named, ...more.map((name) => [name, isClosed ? false : rest === false ? true : rest] as const)];
    return all.map(([name, schema]) => ({
      name,
      required: required.has(name),
      value: readerOf(schema).within(schema, `${own.path}.properties.${name}`, depth + 1),
    }));
  }

  private fields(path: string, fields: object): SchemaFields {
    return new SchemaFields(this.what, path, fields as Record<string, unknown>);
  }
}

/** The schema of properties without one of their own. */
const othersOf = (own: SchemaFields) => own.schema("additionalProperties", !own.has("properties"));

/** Keywords of an object's schema. */
const OF_OBJECTS = new Set(["type", "properties", "required", "additionalProperties"]);

/** How many schemas count for joining one, which takes time in proportion to its text. */
const sizeOf = (schema: Schema) => jsonLength(schema, 2 * MOST_JOINED * JOINED_CHARACTERS) / JOINED_CHARACTERS;

const isFree = (schema: Schema) =>
  schema === true || (schema !== false && Object.keys(schema).every((key) => annotations.has(key)));

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  return typeof value === type && (type !== "object" || (value !== null && !Array.isArray(value)));
}
