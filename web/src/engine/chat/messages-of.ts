import type { Answer, Side, Step, Turn } from "./turns.js";

/** A message as chat templates read it. */
export type Message = { readonly role: string; readonly content: string } & Readonly<Record<string, unknown>>;

/** A step as messages. Calls without results, of an answer that was stopped, are left out: no template writes them. */
function messagesOfStep({ text, calls }: Step): Message[] {
  const answered = calls.filter(({ result }) => result !== null);
  if (answered.length === 0) return [{ role: "assistant", content: text }];
  const written = answered.map(({ id, name, arguments: given }) => ({
    id,
    type: "function",
    function: { name, arguments: given },
  }));
  return [
    { role: "assistant", content: text, tool_calls: written },
    ...answered.map(({ id, name, result }) => ({ role: "tool", tool_call_id: id, name, content: result! })),
  ];
}

const messagesOfAnswer = (answer: Answer | undefined) =>
  (answer?.steps ?? [{ text: "", calls: [] }]).flatMap(messagesOfStep);

/** A finished turn from one side's view. If it did not answer, another side's answer is used. */
function messagesOfTurn({ said, answers }: Turn, side: Side): Message[] {
  const [other] = Object.values(answers);
  return [{ role: "user", content: said }, ...messagesOfAnswer(answers[side] ?? other)];
}

/**
 * The conversation up to a side's next message.
 * @param all the last turn is being answered: its steps before the last one, which is empty, have results
 */
export function messagesOf(all: readonly Turn[], side: Side, instructions: string): Message[] {
  const now = all.at(-1)!;
  const steps = now.answers[side]?.steps.slice(0, -1) ?? [];
  const system = instructions.trim() === "" ? [] : [{ role: "system", content: instructions }];
  return [
    ...system,
    ...all.slice(0, -1).flatMap((turn) => messagesOfTurn(turn, side)),
    { role: "user", content: now.said },
    ...steps.flatMap(messagesOfStep),
  ];
}
