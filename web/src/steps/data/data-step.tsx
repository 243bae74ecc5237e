import { later } from "../../parts/later.js";
import { project } from "../../state/project.js";
import { Bring } from "./bring.js";

// The start page stays until the table can replace it: the focus moves from heading to heading.
const OpenTable = later(async () => (await import("./open-table.js")).OpenTable, Bring);

/** The first step: a table and its possible problems. */
const Data = () => (project.value === null ? <Bring /> : <OpenTable />);

/** `fetched` loads the code for the table if there is one, `all` in any case. */
export const DataStep = Object.assign(Data, {
  fetched: async () => {
    if (project.value !== null) await OpenTable.fetched();
  },
  all: OpenTable.fetched,
});
