import type { ComponentChildren } from "preact";
import type { Task } from "../../data/target.js";
import { adaptedOf, hasHead, headOf, predictAll, recovering } from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import type { Run, RunOf } from "../../state/runs.js";
import { AskForm } from "./ask-form.js";

/** The simple model, or the adapted one. */
export type Kind = "head" | "adapter";

interface Props<A> {
  readonly run: RunOf<Exclude<Task, "classify">>;
  /** Renders a model's answer to a text. */
  readonly children: (kind: Kind, title: string, answer: A, text: string) => ComponentChildren;
}

interface Both<A> {
  readonly text: string;
  readonly adapted: A;
  /** Null while the simple model is fitted, or if there is none. */
  readonly head: A | null;
}

/** A sentence of the user, answered by the simple and the adapted model. */
export function AskBoth<A>({ run, children }: Props<A>) {
  const t = m().judge;
  const answerOf = async (model: Promise<unknown>, text: string): Promise<A> => {
    const [answer] = await predictAll<A>((await model) as Parameters<typeof predictAll<A>>[0], [text]);
    return answer!;
  };
  const ask = async (text: string, show: (answer: Both<A>) => void, say: (what: string) => void) => {
    const adapted = await recovering(() => answerOf(adaptedOf(run), text));
    show({ text, adapted, head: null });
    if (!hasHead(run as Run)) return;
    say(t.fitting);
    show({ text, adapted, head: await answerOf(headOf(run), text) });
  };
  return (
    <AskForm<Both<A>> ask={ask}>
      {({ text, adapted, head }) => (
        <>
          {head !== null && children("head", t.head, head, text)}
          {children("adapter", t.adapted, adapted, text)}
        </>
      )}
    </AskForm>
  );
}
