import type { Crossing } from "./crossing.js";

/** An object that lives in the worker; what is none is refused before anything is sent. */
export const living = (kind: string): Crossing => ({
  pack: (value, scope, name) => scope.side.objects.pack(kind, value, scope, name),
  unpack: (wire, scope) => scope.side.objects.unpack(kind, wire, scope),
});
