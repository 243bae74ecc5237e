import { join, relative } from "node:path";
import ts from "typescript";

const families = {
  product: "Products",
  attention: "Attention",
  normalisation: "Normalisation",
  elementwise: "Elementwise",
  reduction: "Reductions",
  lookup: "Lookup by index",
  shape: "Shapes",
  loss: "Losses",
};

/**
 * The table of ops, from ts/ops/all.ts: what each one's method of `Graph` says, how it is called, and formula and gradient as its
 * own docstring has them.
 * @param {string} root
 */
export function opTable(root) {
  const entry = join(root, "ts/ops/all.ts");
  const graph = join(root, "ts/graph/graph.ts");
  const { NodeNext } = ts.ModuleKind;
  const options = { target: ts.ScriptTarget.ES2022, module: NodeNext, strict: true, noEmit: true, skipLibCheck: true };
  const program = ts.createProgram([entry, graph], options);
  const checker = program.getTypeChecker();
  const methods = methodsOf(checker, program.getSourceFile(graph));
  const byFamily = new Map(Object.keys(families).map((name) => [name, []]));
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)))) {
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    // Files of several ops are exported whole, with the types of their attributes.
    if (!(own.flags & ts.SymbolFlags.Variable)) continue;
    const [first] = relative(join(root, "ts/ops"), own.declarations[0].getSourceFile().fileName).split("/");
    const family = first.replace(/\.ts$/, "");
    const formula = comment(checker, own);
    const method = methods.get(symbol.name);
    if (!byFamily.has(family)) throw new Error(`ts/ops/${family} is a family that the page of ops does not name`);
    if (method === undefined || formula === "")
      throw new Error(`${symbol.name} has no method of Graph, or no docstring`);
    byFamily.get(family).push({ name: symbol.name, formula, ...method });
  }
  const byName = (a, b) => a.name.localeCompare(b.name);
  return [...byFamily]
    .map(([family, ops]) => [`## ${families[family]}`, ...ops.sort(byName).map(opPart)].join("\n\n"))
    .join("\n\n");
}

function opPart({ name, signature, says, formula }) {
  return [`### ${name}`, `\`${signature}\``, escaped(says), `<p class="formula">${html(formula)}</p>`].join("\n\n");
}

const escaped = (text) =>
  text.replace(/[<>*_|~]/g, (mark) => `\\${mark}`).replace(/`[^`]*`/g, (code) => code.replaceAll("\\", ""));
const html = (text) =>
  text
    .replace(/\s+/g, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/`([^`]*)`/g, "<code>$1</code>")
    .replace(/[*_{}[\]~]/g, (mark) => `&#${mark.charCodeAt(0)};`);

const comment = (checker, symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();

/** Methods of `Graph`: what their docstrings say, and how they are called. */
function methodsOf(checker, source) {
  const graph = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).find(({ name }) => name === "Graph");
  const found = new Map();
  for (const member of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(graph))) {
    const declaration = member.declarations?.[0];
    const [call] = declaration ? checker.getTypeOfSymbolAtLocation(member, declaration).getCallSignatures() : [];
    if (call === undefined) continue;
    const signature = checker.signatureToString(
      call,
      declaration,
      ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.OmitParameterModifiers,
    );
    found.set(member.name, { says: comment(checker, member), signature: `graph.${member.name}${signature}` });
  }
  return found;
}
