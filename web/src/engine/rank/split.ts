import type { JudgedRow, JudgedRows } from "../../data/judged-rows.js";
import { splitPairs } from "../search/split.js";

/** The rows to train on, and those of other questions to test on. Questions without an order are only trained on. */
export function splitJudged({ rows, ordered }: JudgedRows): { train: JudgedRow[]; heldOut: JudgedRow[] } {
  const { heldOut } = splitPairs(ordered.map((question) => ({ question })));
  const tested = new Set(heldOut.map(({ question }) => question));
  const isTested = ({ question }: JudgedRow) => tested.has(question);
  return { train: rows.filter((row) => !isTested(row)), heldOut: rows.filter(isTested) };
}
