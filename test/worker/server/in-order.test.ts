import { expect, it } from "vitest";
import type { Message } from "../../../ts/worker/protocol/messages.js";
import { packError } from "../../../ts/worker/protocol/packed-error.js";
import { inOrder } from "../../../ts/worker/server/serve.js";

/** A channel whose code is fetched by hand: what was sent to it, what came out of it, and the fetches under way by the name of a call. */
function channel() {
  const [heard, posted]: [string[], { id: number; error: { name: string; message: string } }[]] = [[], []];
  const fetches = new Map<string, { arrive: () => void; fail: (error: Error) => void }>();
  const here = new Set<string>();
  let send!: (message: Message) => void;
  const ends = {
    post: (message: unknown) => void posted.push(message as never),
    listen: (hear: never) => void (send = hear),
  };
  inOrder(ends, (target) => {
    const name = (target as { name: string }).name;
    if (here.has(name)) return null;
    return new Promise<void>((resolve, reject) => {
      const arrive = () => (here.add(name), resolve());
      fetches.set(name, { arrive, fail: reject });
    });
  }).listen((message) => {
    const { type, id } = message as Message;
    heard.push(`${type} ${id}`);
  });
  const call = (id: number, name: string) =>
    send({ type: "call", id, target: { kind: "named", name }, args: [], aborted: null });
  return { heard, posted, here, send, call, fetches };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));

it("starts a call whose code is here in the task in which it arrives", () => {
  const { heard, here, call } = channel();
  here.add("load");
  call(1, "load");
  expect(heard).toEqual(["call 1"]);
});

it("starts calls in the order in which they arrived where the first waits for its code; answers pass them", async () => {
  const { heard, here, call, send, fetches } = channel();
  here.add("here");
  call(1, "late");
  call(2, "here");
  call(3, "later");
  send({ type: "result", id: 7, value: null });
  expect(heard).toEqual(["result 7"]);
  fetches.get("later")!.arrive();
  await settle();
  expect(heard).toEqual(["result 7"]);
  fetches.get("late")!.arrive();
  await settle();
  expect(heard).toEqual(["result 7", "call 1", "call 2", "call 3"]);
  call(4, "here");
  expect(heard.at(-1)).toBe("call 4");
});

it("a call whose code cannot be fetched rejects; those after it start, and the next one fetches it again", async () => {
  const { heard, posted, here, call, fetches } = channel();
  here.add("here");
  call(1, "late");
  call(2, "here");
  fetches.get("late")!.fail(new TypeError("offline"));
  await settle();
  expect(heard).toEqual(["call 2"]);
  expect(posted).toMatchObject([{ type: "error", id: 1, error: { name: "TypeError", message: "offline" } }]);
  call(3, "late");
  fetches.get("late")!.arrive();
  await settle();
  expect(heard).toEqual(["call 2", "call 3"]);
});

it("a call that is aborted as it waits rejects at once, and does not start", async () => {
  const { heard, posted, here, call, send, fetches } = channel();
  here.add("here");
  call(1, "late");
  call(2, "here");
  send({ type: "abort", id: 1, reason: packError(new Error("enough")) });
  expect(posted).toMatchObject([{ type: "error", id: 1, error: { name: "AbortError" } }]);
  await settle();
  expect(heard).toEqual(["call 2"]);
  fetches.get("late")!.arrive();
  await settle();
  expect(heard).toEqual(["call 2"]);
  send({ type: "abort", id: 2, reason: packError(new Error("enough")) });
  expect(heard).toEqual(["call 2", "abort 2"]);
});

it("a call that arrives aborted does not wait for its code", () => {
  const { posted, send } = channel();
  const aborted = packError(new Error("before"));
  send({ type: "call", id: 1, target: { kind: "named", name: "late" }, args: [], aborted });
  expect(posted).toMatchObject([{ type: "error", id: 1, error: { name: "AbortError" } }]);
});
