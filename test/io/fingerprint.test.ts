import { array, assert, property, uint8Array } from "fast-check";
import { expect, it } from "vitest";
import { Fingerprint, PiecesPrint } from "../../ts/io/fingerprint.js";

it("the fingerprint of bytes in pieces is that of all at once", () => {
  assert(
    property(array(uint8Array({ maxLength: 40 }), { maxLength: 8 }), (pieces) => {
      const print = new PiecesPrint();
      for (const piece of pieces) print.add(piece);
      const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      expect([print.length, print.toString()]).toEqual([whole.length, new Fingerprint().add(whole).toString()]);
    }),
  );
});
