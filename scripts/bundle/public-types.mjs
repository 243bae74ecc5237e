import ts from "typescript";

/**
 * Rollup plugin for declarations: a class's private members become one `#private`, which keeps the class nominal. (In the sources they are
 * `private`, since `#` fields cannot be destructured.) What is marked `@internal` the compiler has left out before.
 */
export const publicTypes = {
  name: "public-types",
  renderChunk(code, { fileName }) {
    const source = ts.createSourceFile(fileName, code, ts.ScriptTarget.Latest);
    const cuts = [];
    const visit = (node) => {
      if (ts.isClassDeclaration(node)) cuts.push(...hidden(node).map((member, i) => [member, i === 0]));
      ts.forEachChild(node, visit);
    };
    visit(source);
    let kept = code;
    for (const [{ pos, end }, first] of cuts.reverse())
      kept = kept.slice(0, pos) + (first ? "\n    #private;" : "") + kept.slice(end);
    return { code: kept, map: null };
  },
};

/** A private constructor stays: it says that `new` is not for users. */
const hidden = ({ members }) =>
  members.filter(
    (member) => !ts.isConstructorDeclaration(member) && ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private,
  );
