import type { Crossing } from "../protocol/scope.js";

/** Ids of objects that were disposed: disposing of one may dispose of others. */
export const ended: Crossing = {
  pack: (ids) => ids,
  unpack: (ids, scope) => scope.side.objects.forget(ids as readonly number[]),
};

/** An object that lives in the worker; other values are refused before anything is sent. */
export const living = (kind: string): Crossing => ({
  pack: (value, scope, name) => scope.side.objects.pack(kind, value, scope, name),
  unpack: (wire, scope) => scope.side.objects.unpack(kind, wire, scope),
});
