import { useSignal } from "@preact/signals";

/** Labels above which a list has them only once it is about to be opened: a page of rows would have hundreds of thousands. */
const MOST_AT_ONCE = 50;

interface Props {
  readonly label: string;
  /** What is chosen; one that is no name is an option of its own. */
  readonly value: string;
  readonly names: readonly string[];
  /** Said in place of a value that is empty. */
  readonly none: string;
  readonly onPick: (name: string) => void;
}

/** A list that a label is chosen from. */
export function LabelSelect({ label, value, names, none, onPick }: Props) {
  const wanted = useSignal(false);
  const listed = wanted.value || names.length <= MOST_AT_ONCE ? names : names.filter((name) => name === value);
  const want = () => void (wanted.value = true);
  return (
    <select
      aria-label={label}
      value={value}
      onFocus={want}
      onPointerDown={want}
      onChange={(event) => onPick(event.currentTarget.value)}
    >
      {!listed.includes(value) && <option value={value}>{value || none}</option>}
      {listed.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
