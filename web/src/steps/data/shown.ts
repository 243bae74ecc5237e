import { computed } from "@preact/signals";
import { contains } from "../../data/row-search.js";
import type { Row } from "../../data/rows.js";
import { labelsOf } from "../../data/target.js";
import { rows, target } from "../../state/project.js";
import { filter, search } from "./state.js";

/** The rows that the filter and the search leave. */
export const shown = computed<readonly Row[]>(() => {
  const wanted = search.value.trim().toLowerCase();
  const now = filter.value;
  return rows.value.filter(
    (row) =>
      (now?.ids?.has(row.id) ?? true) &&
      (now === null || now.label === null || labelsOf(row.label, target.value).includes(now.label)) &&
      (wanted === "" || contains(row, wanted, target.value)),
  );
});
