import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { m } from "../messages/index.js";

/** A native dialog that is open as long as it is rendered. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Opens before any event is handled, including Escape.
  useLayoutEffect(() => {
    const dialog = box.current!;
    dialog.showModal();
    // The browser would focus the close button.
    const field = dialog.querySelector<HTMLInputElement | HTMLTextAreaElement>("input, textarea");
    (field ?? dialog.querySelector("h2")!).focus();
    // A name is selected, in a text the cursor is at the end.
    if (field?.type !== "checkbox")
      field?.setSelectionRange(field.tagName === "INPUT" ? 0 : field.value.length, field.value.length);
    // Unmounting does not close the dialog. Closing returns the focus to where it was.
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={box} aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="quiet" aria-label={m().close} onClick={() => box.current!.close()}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}
