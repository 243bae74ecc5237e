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
    box.current!.showModal();
  }, []);
  return (
    <dialog ref={box} aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet" aria-label={m().close} onClick={() => box.current!.close()}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}
