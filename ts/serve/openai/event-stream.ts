/** A stream of events, and a way to break it off. */
export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly drop: () => void;
}

/**
 * Events as OpenAI's API streams them: one line of JSON each, after its `type` if it has one, and `[DONE]` after the last. An error ends the
 * stream as an event.
 * @param ended called when the stream has ended, or its reader has left
 */
export function eventStream(
  events: AsyncGenerator<object, void, undefined>,
  errorOf: (error: unknown) => object,
  ended: () => void,
): EventStream {
  const encoder = new TextEncoder();
  const line = (data: string, name = "") => encoder.encode(`${name}data: ${data}\n\n`);
  const lines = (event: object) =>
    line(JSON.stringify(event), "type" in event ? `event: ${event.type as string}\n` : "");
  let controlled!: ReadableStreamDefaultController<Uint8Array>;
  let open = true;
  const close = () => {
    open = false;
    ended();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controlled = controller;
    },
    async pull(controller) {
      let last: Uint8Array;
      try {
        const { done, value } = await events.next();
        if (done !== true) return open ? controller.enqueue(lines(value)) : undefined;
        last = line("[DONE]");
      } catch (error) {
        // The reader has left, and so its answer was given up.
        if (!open) return;
        last = lines(errorOf(error));
      }
      if (!open) return;
      controller.enqueue(last);
      controller.close();
      close();
    },
    cancel: close,
  });
  const drop = () => {
    if (open) controlled.error(new Error("the answer was not read in time"));
    close();
  };
  return { body: cancelledInWorkerd(body), drop };
}

/**
 * A body whose source learns in workerd that its client has left. There a stream that JavaScript writes is neither cancelled when its client
 * leaves, nor is the request's signal aborted while there is something to send: the request just ends. A pipe to one of its own streams is
 * cancelled.
 */
function cancelledInWorkerd(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const { IdentityTransformStream } = globalThis as {
    readonly IdentityTransformStream?: new () => ReadableWritablePair<Uint8Array, Uint8Array>;
  };
  return IdentityTransformStream === undefined ? body : body.pipeThrough(new IdentityTransformStream());
}
