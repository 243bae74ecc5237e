import { Icon } from "./icons.js";
import "../style/headline.css";

interface Props {
  readonly kind: "better" | "rare" | "equal" | "simple" | "guess" | "worse" | "alone";
  /** The verdict in a few words, if the text does not begin with them. */
  readonly head?: string;
  /** What it rests on. */
  readonly text: string;
}

const icons = { better: "check", rare: "check", alone: "check", guess: "stop", worse: "stop" } as const;

/** Which model is better by the test, and whether one is better than a guess. */
export function VerdictLine({ kind, head, text }: Props) {
  return (
    <p class="verdict" data-kind={kind}>
      <Icon name={kind === "equal" || kind === "simple" ? "warn" : icons[kind]} />{" "}
      {head !== undefined && (
        <>
          <strong>{head}</strong>{" "}
        </>
      )}
      <span>{text}</span>
    </p>
  );
}
