import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** What the package exports: to every runtime, and what Node has beside it. */
const documented: Readonly<Record<string, readonly string[]>> = {
  "ts/index.ts": ["init", "Graph", "LoraLinear", "SentenceEncoder", "TextClassifier"],
  "ts/entry/node.ts": ["init", "Graph", "resolveModel", "writeFilesAtomically"],
  "ts/entry/graph.ts": ["Graph", "frozenMatrix", "roundedTableProduct", "raggedBatch"],
  "ts/jobs/index.ts": ["runJob", "JobSpec", "RunStore", "memoryStore"],
  "ts/ai/index.ts": ["createLowrank", "lowrank", "LowrankProvider", "LanguageSettings"],
  "ts/serve/index.ts": ["AdapterServer", "AdapterStore", "ServeOptions"],
  "ts/worker/index.ts": ["SentenceEncoder", "TextClassifier", "runJob", "startWorker", "WorkerLostError"],
  "packages/queue/src/index.ts": ["JobQueue", "runQueueWorker", "runSweep", "QueuedTraining", "QueueError"],
  "packages/flower/src/index.ts": [
    "joinFederation",
    "createNodeKey",
    "JoinOptions",
    "FederationEvent",
    "FederationError",
  ],
  "packages/flower/src/index-node.ts": ["joinFederation", "NodeJoinOptions"],
  "ts/entry/jobs-node.ts": ["runJob", "JobSpec", "RunStore", "folderStore", "bucketStore"],
};
const entries = Object.keys(documented).map((path) => join(root, path));
const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram(entries, options);
const checker = program.getTypeChecker();

function exportsOf(entry: string): ts.Symbol[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
}

const isOurs = (declaration: ts.Declaration) =>
  /^(ts|packages\/\w+\/src)\//.test(relative(root, declaration.getSourceFile().fileName));

/** Members of a class or interface that a user sees, inherited and static ones included. */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [];
  const own = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  const constructed = symbol.flags & ts.SymbolFlags.Class ? checker.getTypeOfSymbol(symbol) : undefined;
  const statics = constructed === undefined ? [] : checker.getPropertiesOfType(constructed);
  return [...own, ...statics].filter((member) => {
    const declaration = member.declarations?.[0];
    if (declaration === undefined || !isOurs(declaration)) return false;
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    if (ts.getCombinedModifierFlags(declaration) & hidden) return false;
    return !ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === "internal");
  });
}

const documentation = (symbol: ts.Symbol) =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)) ||
  symbol
    .getJsDocTags(checker)
    .map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`)
    .join("");

/** Names, with their class or interface, that have no docstring. */
function undocumented(symbols: readonly ts.Symbol[]): string[] {
  return symbols.flatMap((symbol) => [
    ...(documentation(symbol) === "" ? [symbol.name] : []),
    ...membersOf(symbol)
      .filter((member) => documentation(member) === "")
      .map((member) => `${symbol.name}.${member.name}`),
  ]);
}

describe.each(entries.map((entry) => [entry.slice(root.length + 1), entry]))("%s", (name, entry) => {
  const symbols = exportsOf(entry);

  it("exports what the documents are about", () => {
    const names = symbols.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...documented[name]!]));
  });

  it("exports nothing without a docstring, members included", () => {
    expect(undocumented(symbols)).toEqual([]);
  });
});
