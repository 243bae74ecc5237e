import { useSignal } from "@preact/signals";

/** Above this number of labels, the options are added when the list is about to open. A page of rows would have too many otherwise. */
const MOST_AT_ONCE = 50;

interface Props {
  readonly label: string;
  /** The selected name. If it is not in `names`, it gets its own option. */
  readonly value: string;
  readonly names: readonly string[];
  /** Shown instead of an empty value. */
  readonly none: string;
  readonly onPick: (name: string) => void;
}

/** A list to select a label from. */
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
