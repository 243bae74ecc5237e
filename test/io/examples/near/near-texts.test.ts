import { describe, expect, it } from "vitest";
import { splitExamples, summariseExamples } from "../../../../ts/index.js";
import { Frames, piecesOf } from "../../../../ts/io/examples/near/frames.js";
import { nearGroups } from "../../../../ts/io/examples/near/near-texts.js";
import { inFolds, inTwo } from "../../../../ts/io/examples/parts/split.js";

const groupsOf = (texts: readonly string[]) => nearGroups(texts, new Frames(), () => undefined);

const middles = [
  "my parcel has not arrived yet",
  "where is my refund?",
  "I was charged twice for my order. Please look into it.",
  "the app crashes when I open the settings",
  "can I change the delivery address of an order?",
  "your driver left the box in the rain",
  "I would like to cancel my subscription",
  "the invoice shows the wrong name",
  "my discount code does not work",
  "the sizes are not what the page says",
];
const greetings = ["Hi,\n", "Hello team, ", "Dear Sir or Madam,\n\n", "hi ", "", "Good morning! ", "Hey there, "];
const signOffs = [
  "\n\nBest regards,\nAnna",
  " Thanks!",
  "\nKind regards\nTom Smith",
  " thanks in advance",
  "",
  "\n\nLooking forward to your reply.\nCheers, Joe",
  " Thank you for your help, Maria Lopez",
];
/** Each text with five greetings and sign-offs. */
const framed = middles.flatMap((middle, k) =>
  Array.from({ length: 5 }, (_, i) => greetings[(k * 3 + i * 2) % 7]! + middle + signOffs[(k + i * 3) % 7]!),
);

describe("texts that are nearly the same", () => {
  it("are found whatever their greeting and sign-off, and no others", async () => {
    expect(await groupsOf(framed)).toEqual(framed.map((_, i) => i - (i % 5)));
    // In another language, by what opens and closes texts that are otherwise different.
    const opened = ["Bonjour à tous", "Chère équipe", "Salut"];
    const closed = ["Merci d'avance, Zoé", "Bien à vous", "À bientôt"];
    const french = ["mon colis est perdu", "le code ne marche pas", "je veux annuler ma commande", "où est ma facture"];
    const texts = french.flatMap((text) => opened.map((open, i) => `${open},\n${text}.\n${closed[i]}`));
    expect(await groupsOf(texts)).toEqual(texts.map((_, i) => i - (i % 3)));
    // The same greeting and sign-off make no twins.
    expect(
      await groupsOf(
        middles.map((text) => `Dear support team,\n${text}\nLooking forward to your answer.\nBest regards, Anna`),
      ),
    ).toBeNull();
    expect(
      await groupsOf([
        "woman feeding baby in the garden",
        "man feeding baby in the garden",
        "",
        "Hi!",
        "Thanks",
        "",
        "Hello, Anna",
      ]),
    ).toBeNull();
  });

  it("are found in time that grows with the texts, whatever is in them", { timeout: 60_000 }, async () => {
    const hostile = (count: number) =>
      Array.from(
        { length: count },
        (_, i) => `${". ,".repeat(60)}hi ${"a, ".repeat(i % 90)}x${i}, ${"thanks ".repeat(i % 60)}`,
      );
    const seconds = async (texts: readonly string[]) => {
      const begun = performance.now();
      await groupsOf(texts);
      return (performance.now() - begun) / 1000;
    };
    await seconds(hostile(500));
    const [few, many] = [await seconds(hostile(2000)), await seconds(hostile(16_000))];
    expect(many / few).toBeLessThan(24);
    for (const long of [".".repeat(3999) + "x", "a.".repeat(2000), "thanks ".repeat(570), ", hi".repeat(1000)])
      expect(await seconds(Array.from({ length: 50 }, (_, i) => long.slice(0, 3990) + i))).toBeLessThan(5);
  });

  it("have pieces by lines and signs, not within a word or a number", () => {
    expect(piecesOf("Hi Anna,\nit's 3.5 kg... (well-known) – OK?。次")).toEqual([
      "hi anna",
      "it s 3 5 kg",
      "well known",
      "ok",
      "次",
    ]);
    expect(piecesOf("x".repeat(5000))).toEqual([]);
  });

  it("stay on one side of a split and in one fold, each label in its share", async () => {
    const examples = framed.map((text, i) => ({ text, label: i < 25 ? "a" : "b" }));
    const near = await groupsOf(framed);
    const { train, validation } = inTwo(examples, 0.2, { seed: 3, groups: null }, near);
    expect([train.length, validation.length]).toEqual([40, 10]);
    expect(validation.filter(({ label }) => label === "a")).toHaveLength(5);
    expect((await summariseExamples(train, { test: validation })).test!.inTraining).toEqual({ same: 0, near: 0 });
    expect(inTwo(examples, 0.2, { seed: 3, groups: null }, near)).toEqual({ train, validation });
    for (const fold of inFolds(examples, 5, { seed: 3, groups: null }, near)) {
      expect(fold.validation).toHaveLength(10);
      expect((await summariseExamples(fold.train, { test: fold.validation })).test!.inTraining!.near).toBe(0);
    }
    // Where none are, the split is what it was.
    const apart = splitExamples(examples, 0.2, { seed: 3 });
    expect(
      inTwo(
        examples,
        0.2,
        { seed: 3, groups: null },
        framed.map(() => undefined),
      ),
    ).toEqual(apart);
    const seen = (await summariseExamples(apart.train, { test: apart.validation })).test!.inTraining!;
    expect(seen.near).toBe(10);
  });
});
