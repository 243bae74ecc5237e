import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { root } from "../setup/paths.mjs";

/** Folders of ts/ and their row in ARCHITECTURE.md's table of layers, which is where the order is laid down. */
export function readLayers(page) {
  const layers = new Map();
  const rows =
    page
      .split("\n## Layers\n")[1]
      ?.split("\n## ")[0]
      ?.match(/^\|.*\|$/gm) ?? [];
  rows.forEach((row, place) => {
    for (const [, folder] of row.split("|")[1].matchAll(/`(ts\/[^`]+)`/g)) layers.set(folder, place);
  });
  return layers;
}

const layers = readLayers(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));

/** The folder of the table that a file belongs to: the innermost there is. */
function layerOf(path) {
  for (let folder = path; folder !== "."; folder = dirname(folder)) if (layers.has(folder)) return folder;
  return null;
}

const posix = (path) => relative(root, path).split(sep).join("/");

/** Calls `check` for everything that imports, types too. */
function importsBy(check) {
  const declaration = (node) => check(node, node.source);
  return {
    ImportDeclaration: declaration,
    ExportNamedDeclaration: declaration,
    ExportAllDeclaration: declaration,
    ImportExpression: declaration,
    TSImportType: declaration,
  };
}

/** An ESLint rule: a folder of ts/ imports from itself and from rows below its own, types too. */
const order = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const file = context.filename;
    const own = layerOf(posix(file));
    const check = (node, source) => {
      if (typeof source?.value !== "string" || !source.value.startsWith(".")) return;
      const path = posix(resolve(dirname(file), source.value.replace(/\.js$/, ".ts")));
      if (!path.startsWith("ts/")) return;
      const other = layerOf(path);
      if (other === null) context.report({ node, message: `${path} is in no folder of ARCHITECTURE.md's table.` });
      else if (own !== null && other !== own && layers.get(other) <= layers.get(own))
        context.report({ node, message: `${other} is not below ${own} in ARCHITECTURE.md's table.` });
    };
    return {
      Program(node) {
        if (own !== null) return;
        context.report({ node, message: `${posix(file)} is in no folder of ARCHITECTURE.md's table.` });
      },
      ...importsBy(check),
    };
  },
};

/** An ESLint rule: a package beside lowrank imports files of its own, and other packages by the names that they export. */
const packages = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const file = context.filename;
    const own = posix(file).replace(/^(packages\/[^/]+|[^/]+)\/.*/, "$1");
    return importsBy((node, source) => {
      const name = source?.value;
      if (typeof name !== "string") return;
      if (name.startsWith(".")) {
        // The examples are data of the repository.
        if ([own, "examples"].some((folder) => posix(resolve(dirname(file), name)).startsWith(`${folder}/`))) return;
        context.report({ node, message: `${name} is a file of another package: import what that one exports.` });
      } else if (/^lowrank(\/|$)/.test(name) && !isExported(name.replace("lowrank", ".")))
        context.report({ node, message: `lowrank exports no ${name}.` });
    });
  },
};

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const isExported = (name) =>
  Object.keys(exports).some((entry) => (entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry));

export default { rules: { order, packages } };
