import { useSignal } from "@preact/signals";
import { m } from "../messages/index.js";
import { project } from "../state/project.js";
import { runs } from "../state/runs.js";
import { tell } from "../state/view.js";
import { Icon } from "./icons.js";
import { save } from "./save.js";

/** What packs and unpacks is fetched when something is. */
const files = () => import("../storage/project-file.js");

/** Saves everything as one file, and takes what was saved before. */
export function ProjectFile() {
  const t = m().take;
  const problem = useSignal<string | null>(null);
  const open = async (file: File) => {
    problem.value = null;
    const { openProject, ProjectProblem } = await files();
    try {
      await openProject(file);
      tell(t.projectOpened);
    } catch (error) {
      problem.value =
        error instanceof ProjectProblem ? t.projectProblems[error.kind]! : m().train.errors["QuotaError"]!;
    }
  };
  const take = async () => {
    const name = (project.value?.table.name ?? runs.value[0]!.name).replace(/\.[^.]*$/, "");
    save(`${name}.lowrank.zip`, await (await files()).projectFile(), "application/zip");
  };
  const isEmpty = project.value === null && runs.value.length === 0;
  return (
    <div class="project-file">
      <div class="actions">
        {!isEmpty && (
          <button type="button" onClick={() => void take()}>
            <Icon name="down" /> {t.saveProject}
          </button>
        )}
        <label class="button">
          {t.openProject}
          <input
            type="file"
            accept=".zip"
            onChange={({ currentTarget }) =>
              currentTarget.files?.[0] && void open(currentTarget.files[0]).then(() => (currentTarget.value = ""))
            }
          />
        </label>
      </div>
      {problem.value !== null && (
        <p class="problem" role="alert">
          <Icon name="stop" /> {problem.value}
        </p>
      )}
    </div>
  );
}
