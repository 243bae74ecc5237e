import { notify } from "../state/notice.js";

interface Props {
  readonly program: string;
  readonly texts: { readonly copy: string; readonly copied: string };
}

/** A program, and a button that copies it. */
export function Program({ program, texts: { copy, copied } }: Props) {
  const take = async () => {
    await navigator.clipboard.writeText(program);
    notify(copied);
  };
  return (
    <>
      <pre tabIndex={0}>
        <code>{program}</code>
      </pre>
      <button type="button" class="small" onClick={() => void take()}>
        {copy}
      </button>
    </>
  );
}
