import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { m } from "../messages/index.js";
import { project } from "../state/project.js";
import { runs } from "../state/runs.js";
import { notify } from "../state/notice.js";
import { go } from "../state/view.js";
import { Problem } from "./problem.js";
import { Icon } from "./icons.js";
import { save } from "./save.js";
import { whenIdle } from "./when-idle.js";

/** The code for zip files is loaded on demand. */
const files = () => import("../storage/project-file.js");

/** Saves everything as one file, and opens such a file. */
export function ProjectFile() {
  const t = m().project;
  const problem = useSignal<unknown>(null);
  const open = async (file: File) => {
    problem.value = null;
    try {
      const read = await (await files()).readProject(file);
      const { table, pages } = read.replaces;
      const names = [...(table === null ? [] : [table]), ...pages.map((page) => m().others[page])];
      if (names.length > 0 && !confirm(t.replaces(names.map(m().quoted).join(", ")))) return;
      await read.open();
      if (read.page !== null) go(read.page);
      notify(t.opened);
    } catch (error) {
      problem.value = error;
    }
  };
  const take = async () => {
    problem.value = null;
    try {
      const { projectFile, projectName } = await files();
      const name = (await projectName()).replace(/\.[^.]*$/, "");
      save(`${name}.lowrank.zip`, await projectFile(), "application/zip");
    } catch (error) {
      problem.value = error;
    }
  };
  const said = t.problems[(problem.value as { kind?: string } | null)?.kind ?? ""];
  const hasPages = useSignal(false);
  const look = async () => {
    await whenIdle();
    hasPages.value = await (await files()).hasPages();
  };
  useEffect(() => void look(), []);
  const isEmpty = project.value === null && runs.value.length === 0 && !hasPages.value;
  return (
    <div class="project-file">
      <div class="actions">
        {!isEmpty && (
          <button type="button" onClick={() => void take()}>
            <Icon name="down" /> {t.save}
          </button>
        )}
        <label class="button">
          {t.open}
          <input
            type="file"
            accept=".zip"
            onChange={({ currentTarget: { files: given } }) => given?.[0] && void open(given[0])}
          />
        </label>
      </div>
      {said !== undefined ? (
        <p class="problem" role="alert">
          <Icon name="stop" /> {said}
        </p>
      ) : (
        problem.value !== null && <Problem error={problem.value} title="" />
      )}
    </div>
  );
}
