import { unzipped } from "../../storage/zip.js";
import { TableProblem } from "../problem.js";
import { parseElements } from "./elements.js";

/** Largest unpacked size of a workbook's XML files, in bytes. */
const LARGEST = 400e6;

/** A sheet of a workbook, by its place among the sheets. */
export interface SheetPart {
  readonly name: string;
  readonly isHidden: boolean;
  readonly bytes: Uint8Array;
}

/** A workbook's XML files. */
export interface Parts {
  readonly sheets: readonly SheetPart[];
  readonly strings: Uint8Array | undefined;
  readonly styles: Uint8Array | undefined;
  /** Whether days are counted from 1904 instead of 1900. */
  readonly from1904: boolean;
}

/** Unpacks a workbook. Rejects for other archives, and with a `TableProblem` if its files claim to be larger than the page's memory. */
export async function workbookParts(archive: Uint8Array): Promise<Parts> {
  let sum = 0;
  const files = await unzipped(
    archive,
    ({ name, originalSize }) => /\.(xml|rels)$/i.test(name) && (sum += originalSize) <= LARGEST,
  );
  if (sum > LARGEST) throw new TableProblem("tooLarge");
  const book = "xl/workbook.xml";
  if (!Object.hasOwn(files, book)) throw new TableProblem("notWorkbook", book);
  const targets = targetsIn(files["xl/_rels/workbook.xml.rels"]);
  const fileOf = (path: string | undefined) =>
    path !== undefined && Object.hasOwn(files, path) ? files[path] : undefined;
  const ofType = (type: string) => fileOf([...targets.values()].find((target) => target.type === type)?.path);
  const sheets: SheetPart[] = [];
  let from1904 = false;
  parseElements(files[book]!, {
    open(name, attribute) {
      if (name === "workbookPr") from1904 = /^(1|true)$/.test(attribute("date1904") ?? "");
      if (name !== "sheet") return;
      const target = targets.get(attribute("id") ?? "");
      const bytes = target?.type === "worksheet" ? fileOf(target.path) : undefined;
      // A sheet may also be a chart. A file is one sheet's: thousands that name the same one would each be read.
      if (bytes === undefined || sheets.some((other) => other.bytes === bytes)) return;
      const isHidden = /hidden/i.test(attribute("state") ?? "");
      sheets.push({ name: attribute("name") ?? String(sheets.length + 1), isHidden, bytes });
    },
  });
  if (sheets.length === 0) throw new TableProblem("notWorkbook", "worksheet");
  return { sheets, strings: ofType("sharedStrings"), styles: ofType("styles"), from1904 };
}

/** The files that the workbook refers to, by the id of the reference. */
function targetsIn(relations: Uint8Array | undefined): Map<string, { readonly type: string; readonly path: string }> {
  const targets = new Map<string, { type: string; path: string }>();
  if (relations === undefined) return targets;
  parseElements(relations, {
    open(name, attribute) {
      const target = attribute("Target");
      if (name !== "Relationship" || target === undefined) return;
      const path = target.startsWith("/") ? target.slice(1) : `xl/${target.replace(/^\.\//, "")}`;
      targets.set(attribute("Id") ?? "", { type: (attribute("Type") ?? "").split("/").at(-1)!, path });
    },
  });
  return targets;
}
