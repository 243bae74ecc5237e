import type { Crossing } from "./crossing.js";

/** Numbers of the objects that are gone: whoever disposes of one may have disposed of others with it. */
export const ended: Crossing = {
  pack: (ids) => ids,
  unpack: (ids, scope) => scope.side.objects.forget(ids as readonly number[]),
};

/** An object that lives in the worker; what is none is refused before anything is sent. */
export const living = (kind: string): Crossing => ({
  pack: (value, scope, name) => scope.side.objects.pack(kind, value, scope, name),
  unpack: (wire, scope) => scope.side.objects.unpack(kind, wire, scope),
});
