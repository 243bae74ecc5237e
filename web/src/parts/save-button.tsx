import { useSignal } from "@preact/signals";
import { Icon } from "./icons.js";
import { Problem } from "./problem.js";
import { save } from "./save.js";

interface Props {
  readonly title: string;
  readonly preparing: string;
  readonly name: string;
  readonly make: () => Promise<Uint8Array>;
  /** Whether it is the page's main download. */
  readonly isMain?: boolean;
  /** Whether the files are there to be saved; the button is disabled until they are. */
  readonly isReady?: boolean;
}

/** A button that makes a zip and saves it. */
export function SaveButton({ title, preparing, name, make, isMain = false, isReady = true }: Props) {
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const take = async () => {
    busy.value = true;
    error.value = null;
    try {
      save(name, await make(), "application/zip");
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = false;
    }
  };
  return (
    <>
      <button
        type="button"
        class={isMain ? "primary" : ""}
        disabled={busy.value || !isReady}
        onClick={() => void take()}
      >
        <Icon name="down" /> {busy.value ? preparing : title}
      </button>
      {error.value !== null && <Problem error={error.value} title="" />}
    </>
  );
}
