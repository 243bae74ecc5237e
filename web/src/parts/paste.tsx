import { useSignal } from "@preact/signals";
import { m } from "../messages/index.js";
import { Dialog } from "./dialog.js";

interface Props {
  readonly hint: string;
  readonly label: string;
  readonly onText: (file: File) => void;
  readonly onClose: () => void;
}

/** A dialog for pasted rows, which are read like a file. */
export function Paste({ hint, label, onText, onClose }: Props) {
  const { paste, pasteTake, pasted } = m().data;
  const text = useSignal("");
  const take = () => {
    onClose();
    onText(new File([text.value], pasted, { type: "text/plain" }));
  };
  return (
    <Dialog title={paste} onClose={onClose}>
      <p>{hint}</p>
      <textarea
        rows={10}
        aria-label={label}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <div class="actions">
        <button type="button" class="primary" disabled={text.value.trim() === ""} onClick={take}>
          {pasteTake}
        </button>
      </div>
    </Dialog>
  );
}
