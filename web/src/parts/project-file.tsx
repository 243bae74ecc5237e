import { useSignal } from "@preact/signals";
import { m } from "../messages/index.js";
import { project } from "../state/project.js";
import { runs } from "../state/runs.js";
import { notify } from "../state/view.js";
import { Problem } from "./problem.js";
import { Icon } from "./icons.js";
import { save } from "./save.js";

/** The code for zip files is loaded on demand. */
const files = () => import("../storage/project-file.js");

/** Saves everything as one file, and opens such a file. */
export function ProjectFile() {
  const t = m().project;
  const problem = useSignal<unknown>(null);
  const open = async (file: File) => {
    problem.value = null;
    const there = project.value;
    if (there !== null && !confirm(t.replaces(there.table.name))) return;
    try {
      await (await files()).openProject(file);
      notify(t.opened);
    } catch (error) {
      problem.value = error;
    }
  };
  const take = async () => {
    problem.value = null;
    const name = (project.value?.table.name ?? runs.value[0]!.name).replace(/\.[^.]*$/, "");
    try {
      save(`${name}.lowrank.zip`, await (await files()).projectFile(), "application/zip");
    } catch (error) {
      problem.value = error;
    }
  };
  const said = t.problems[(problem.value as { kind?: string } | null)?.kind ?? ""];
  const isEmpty = project.value === null && runs.value.length === 0;
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
            onChange={({ currentTarget }) =>
              currentTarget.files?.[0] && void open(currentTarget.files[0]).then(() => (currentTarget.value = ""))
            }
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
