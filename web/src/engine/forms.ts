import type { Row } from "../data/rows.js";
import { labelsOf, numberIn, type Target, type Task } from "../data/target.js";
import { markedExample } from "../data/words/marked-text.js";

/** What a task's runs differ in. */
interface Form {
  /** A row as an example to train on. */
  example(row: Row, target: Target, column: string): object;
  /** Fields of the spec. */
  spec(rows: readonly Row[], column: string): object;
  /** The metric that is drawn during training, and how it is written. */
  readonly metric: string;
  readonly written: "share" | "metric";
}

/** Up to this many different numbers are a scale, which predictions do not leave. */
const SCALE = 20;

/** The name of the numbers; a number would be a place. */
const nameOf = (column: string) => (column === "text" || /^\d*$/.test(column) ? "label" : column);

export const forms: Readonly<Record<Task, Form>> = {
  classify: {
    example: ({ text, label }) => ({ text, label }),
    // The page shows what the saved classifier itself says about rows that it has not seen.
    spec: () => ({ finalFit: false }),
    metric: "accuracy",
    written: "share",
  },
  "multi-label": {
    example: ({ text, label }, target) => ({ text, label: labelsOf(label, target) }),
    spec: () => ({ multiLabel: true }),
    metric: "f1Micro",
    written: "share",
  },
  regress: {
    example: ({ text, label }, _, column) => ({ text, [nameOf(column)]: numberIn(label)! }),
    spec(rows, column) {
      const numbers = new Set(rows.map(({ label }) => numberIn(label)!));
      const limits = numbers.size <= SCALE && { min: Math.min(...numbers), max: Math.max(...numbers) };
      return { task: "regress", label: nameOf(column), ...limits };
    },
    metric: "spearman",
    written: "metric",
  },
  tokens: {
    example: markedExample,
    spec: () => ({ task: "tokens" }),
    metric: "f1",
    written: "share",
  },
};
