import { TableProblem } from "./problem.js";
import { isLaidOut } from "./sheet-extent.js";

/** Largest unpacked size of a workbook, in bytes. The page holds it as text. */
const LARGEST = 400e6;

/** Throws `TableProblem` if the workbook would fill the memory. The workbook reader reports files that are not archives. */
async function checkUnpacked(file: Blob): Promise<void> {
  const { unzipped } = await import("../storage/zip.js");
  const bytes = new Uint8Array(await file.arrayBuffer());
  let sum = 0;
  await unzipped(bytes, ({ originalSize }) => {
    sum += originalSize;
    return false;
  }).catch(() => undefined);
  if (sum > LARGEST) throw new TableProblem("tooLarge");
  // A sheet's file can have any name.
  const parts = await unzipped(bytes, ({ name }) => name.endsWith(".xml")).catch(() => ({}));
  const text = new TextDecoder();
  if (!Object.values(parts).every((part) => isLaidOut(text.decode(part)))) throw new TableProblem("tooLarge");
}

/** Rows of a workbook's first sheet. The reader is loaded on demand. */
export async function readWorkbook(file: Blob, fewest = 2): Promise<{ columns: string[]; records: string[][] }> {
  await checkUnpacked(file);
  const { readSheet } = await import("read-excel-file/browser");
  const rows = await readSheet(file).catch((cause: unknown) => {
    throw new TableProblem("notWorkbook", String((cause as Error)?.message ?? cause));
  });
  const cells = rows.map((row) => row.map(textOf)).filter((row) => row.some((cell) => cell.trim() !== ""));
  const [first, ...records] = cells;
  if (first === undefined || records.length === 0) throw new TableProblem("empty");
  if (first.length < fewest) throw new TableProblem("oneColumn");
  return { columns: first.map((name, i) => name.trim() || String(i + 1)), records };
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  return cell instanceof Date ? cell.toISOString().slice(0, 10) : String(cell);
}
