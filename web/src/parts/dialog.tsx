import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { m } from "../messages/index.js";

/** A native dialog that is open as long as it is there. */
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
  // Before anything else is heard, an Escape too.
  useLayoutEffect(() => {
    const dialog = box.current!;
    dialog.showModal();
    // The browser would begin with what closes it.
    const field = dialog.querySelector<HTMLInputElement | HTMLTextAreaElement>("input, textarea");
    (field ?? dialog.querySelector("h2")!).focus();
    // A name is replaced, a text goes on.
    field?.setSelectionRange(field.tagName === "INPUT" ? 0 : field.value.length, field.value.length);
    // What takes it away may not have closed it: that gives the focus back to where it was.
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
