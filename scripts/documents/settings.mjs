import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Those of the first tasks; a further task's are its entry of `fieldsOfTasks`. */
const known = [
  { file: "training/spec/shared-fields.ts", name: "sharedFields", title: "All tasks" },
  {
    file: "tasks/classify/settings.ts",
    name: "classifierFields",
    title: "Classifiers of texts (no `task`) and words",
  },
  { file: "tasks/classify/settings.ts", name: "textFields", title: "Classifiers of texts" },
];

/**
 * The settings of a run, from the tables in ts/training/spec and ts/tasks: name, option of the command line, default, what it does.
 * @param {string} root
 */
export function settingsTables(root) {
  const flags = flagsOf(join(root, "ts/cli/options/setting-flags.ts"));
  return [...known, ...tablesOfTasks(root)]
    .map(({ file, name, title }) => section(title, objectIn(join(root, "ts", file), name), flags))
    .join("\n\n");
}

/** The tables of ts/tasks/index.ts, each with the tasks that have it. @param {string} root */
function tablesOfTasks(root) {
  const index = join(root, "ts/tasks/index.ts");
  const text = readFileSync(index, "utf8");
  const tasks = new Map();
  for (const row of objectIn(index, "fieldsOfTasks").properties) {
    const name = row.initializer.getText();
    if (!known.some((table) => table.name === name)) tasks.set(name, [...(tasks.get(name) ?? []), row.name.text]);
  }
  return [...tasks].map(([name, own]) => {
    const [, path] = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "\\./(.*)\\.js"`).exec(text);
    return { file: `tasks/${path}.ts`, name, title: own.map(titleOf).join(" and ") };
  });
}

const titleOf = (task) => (task === "multi-label" ? "`multiLabel: true`" : `\`task: "${task}"\``);

function section(title, table, flags) {
  const rows = table.properties.filter(ts.isPropertyAssignment).map((row) => {
    const name = row.name.getText();
    const flag = flags.get(name);
    return `| \`${name}\` | ${flag === undefined ? "" : `\`${flag}\``} | ${defaultOf(row.initializer)} | ${docOf(row)} |`;
  });
  const changed = table.properties
    .filter(ts.isSpreadAssignment)
    .map(({ expression }) => otherDefaults(expression))
    .join("");
  return [
    `## ${title}`,
    "",
    ...(changed === "" ? [] : [changed, ""]),
    "| field | option | default | |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** Defaults that a table changes in another one: `withDefaults(fields, { … })`. */
function otherDefaults(expression) {
  if (!ts.isCallExpression(expression)) return "";
  const values = [];
  const visit = (node) => {
    if (ts.isPropertyAssignment(node)) values.push(`\`${node.name.getText()}\` ${shown(node.initializer)}`);
    else ts.forEachChild(node, visit);
  };
  visit(expression.arguments[1]);
  return `Defaults that differ from "All tasks": ${values.join(", ")}.`;
}

/** A field's default, by recipe where it differs. */
function defaultOf(call) {
  const kind = call.expression.getText();
  if (kind === "requiredField") return "required";
  if (kind === "since") return defaultOf(call.arguments[0]);
  const value = call.arguments[1];
  if (kind !== "fieldByRecipe") return shown(value);
  return value.properties.map(({ name, initializer }) => `${shown(initializer)} (${name.text})`).join(", ");
}

const shown = (value) => `\`${(constantIn(value) ?? value.getText()).replaceAll("|", "\\|")}\``;

/** The value of a constant of the same file, as its text. */
function constantIn(value) {
  if (!ts.isIdentifier(value)) return undefined;
  const constants = value.getSourceFile().statements.filter(ts.isVariableStatement);
  const all = constants.flatMap(({ declarationList }) => [...declarationList.declarations]);
  return all.find(({ name }) => name.getText() === value.text)?.initializer?.getText();
}

function docOf(row) {
  const text = ts
    .getJSDocCommentsAndTags(row)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
  if (text === "") throw new Error(`the setting ${row.name.getText()} has no docstring`);
  return text.replaceAll("|", "\\|");
}

/** The object that a constant of a file is. */
function objectIn(file, constant) {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  for (const statement of source.statements.filter(ts.isVariableStatement))
    for (const { name, initializer } of statement.declarationList.declarations)
      if (name.getText() === constant && ts.isObjectLiteralExpression(plain(initializer))) return plain(initializer);
  throw new Error(`${file} has no object ${constant}`);
}

/** A value without the type that it satisfies. */
const plain = (value) => (ts.isSatisfiesExpression(value) ? value.expression : value);

/** How the command line spells each setting. */
function flagsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found = new Map();
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && ts.isObjectLiteralExpression(node.initializer)) {
      const flags = node.initializer.properties.find((property) => property.name?.getText() === "flags");
      if (flags !== undefined) found.set(node.name.getText(), flags.initializer.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
