import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Sources of the packages beside lowrank. */
export const packages = ["packages/flower/src", "packages/queue/src"];

/**
 * The list of errors, from the code: the classes of ts/errors/errors.ts with their docstrings, and under each every message that
 * is thrown with it, where a value stands by its name.
 * @param {string} root
 */
export function errorList(root) {
  const classes = errorClasses(join(root, "ts/errors/errors.ts"));
  for (const folder of ["ts", ...packages]) for (const file of sources(join(root, folder))) collect(file, classes);
  const all = [...classes.values()];
  const rows = all.map(
    ({ name, code, says }) => `| [\`${code}\`](#${anchor(code)}) | \`${name}\` | ${firstSentence(says)} |`,
  );
  return ["| code | class | |", "|---|---|---|", ...rows, "", all.map(section).join("\n\n")].join("\n");
}

/** A docstring's lines end where they are full, not where a sentence does. */
const firstSentence = (text) =>
  /^.*?[.!?](?= [A-Z`]|$)/.exec(text.replace(/\s+/g, " "))?.[0] ?? text.replace(/\s+/g, " ");

const anchor = (code) => code.toLowerCase();

function section({ name, code, says, messages }) {
  const list = [...messages].sort((a, b) => a.localeCompare(b)).map((message) => `- ${escaped(message)}`);
  const shown =
    list.length === 0
      ? []
      : [
          `<details>\n<summary>${list.length === 1 ? "The message" : `${list.length} messages`}</summary>\n`,
          ...list,
          `\n</details>`,
        ];
  return [`## ${code}`, "", `\`${name}\`: ${says}`, "", ...shown].join("\n");
}

// What begins as an address does would be made a link.
const escaped = (text) =>
  text
    .replace(/[\\`*_{}[\]<>#|~]/g, (mark) => `\\${mark}`)
    .replace(/:\/\//g, "&#58;//")
    .replace(/\s+/g, " ");

/** Classes that say `extends named("CODE", "Name")`, with what their docstrings say. */
function errorClasses(file) {
  const source = parsed(file);
  const found = new Map();
  for (const statement of source.statements) {
    if (!ts.isClassDeclaration(statement) || !statement.name) continue;
    const [code] = /named\("([A-Z_]+)"/.exec(statement.getText(source))?.slice(1) ?? [];
    if (code === undefined) continue;
    const says = ts
      .getJSDocCommentsAndTags(statement)
      .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
      .join("\n")
      .trim();
    if (says === "") throw new Error(`${statement.name.text} has no docstring to make its part of the page of`);
    found.set(statement.name.text, { name: statement.name.text, code, says, messages: new Set() });
  }
  if (found.size < 10) throw new Error("the classes of errors were not found in ts/errors/errors.ts");
  return found;
}

function collect(file, classes) {
  const source = parsed(file);
  const visit = (node) => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
      const message = node.arguments?.[0];
      const text = message === undefined ? "" : told(message, source);
      // A message that is all value says nothing here.
      if (/[a-z]{3}/i.test(text.replace(/‹[^›]*›/g, ""))) classes.get(node.expression.text)?.messages.add(text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** A message's expression as a reader sees it. */
function told(node, source) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return (
      node.head.text +
      node.templateSpans.map(({ expression, literal }) => inner(expression, source) + literal.text).join("")
    );
  if (ts.isParenthesizedExpression(node)) return told(node.expression, source);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return told(node.left, source) + told(node.right, source);
  return inner(node, source);
}

/** What stands for a value: the last name in its expression, "…" where there is none. */
function inner(node, source) {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return told(node, source);
  const text = node.getText(source);
  const call = /^(?:excerpt|brief|clip|list|quoted|shown)\(([\w.]+)\)$/.exec(text)?.[1] ?? text;
  return /^[\w.]+$/.test(call) ? `‹${call.split(".").at(-1)}›` : "‹…›";
}

const parsed = (file) => ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);

const sources = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.startsWith("errors/"))
    .map((name) => join(folder, name));
