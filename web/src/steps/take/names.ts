import type { Run } from "../../state/runs.js";

/** Base name of a run's files. */
export const nameOf = ({ name }: Run): string =>
  name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-") || "classifier";

/** The report as a file. */
export const reportText = ({ report }: Run): string => `${JSON.stringify(report, null, 2)}\n`;
