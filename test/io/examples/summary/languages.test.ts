import { describe, expect, it } from "vitest";
import { summariseExamples } from "../../../../ts/index.js";
import { modelSource } from "../../../../ts/io/model-locator.js";
import { TextTokenizer } from "../../../../ts/tokenize/text-tokenizer.js";
import { miniLM } from "../../../models/minilm.js";
import { tinyTokenizer } from "../../../models/tiny-encoder.js";

const english = [
  "I ordered the blue one and the box was empty when it arrived 😡😡",
  "Please send an invoice to billing@example.com or see https://example.com/orders?id=1234&lang=en",
  "TypeError: cannot read properties of undefined (reading 'map') in getUserById() at line 42",
  "The driver was friendly and everything came on time 🎉👍",
  "const total = items.reduce((sum, { price }) => sum + price, 0); does not compile",
  "My password does not work any more since the update, v2.13.0-beta",
];
const other = {
  Cyrillic: [
    "Посылка пришла пустой, верните деньги, пожалуйста",
    "Не могу войти в личный кабинет после обновления программы",
    "Спасибо, водитель был очень вежлив и приехал вовремя",
    "Как изменить адрес доставки для моего заказа",
  ],
  Greek: [
    "Το δέμα έφτασε άδειο και θέλω τα χρήματά μου πίσω",
    "Δεν μπορώ να συνδεθώ στον λογαριασμό μου μετά την ενημέρωση",
    "Ο οδηγός ήταν πολύ ευγενικός και ήρθε στην ώρα του",
    "Πώς αλλάζω τη διεύθυνση αποστολής της παραγγελίας μου",
  ],
  Devanagari: [
    "मेरा पैकेट खाली आया है, कृपया मेरे पैसे वापस करें",
    "नए संस्करण के बाद मैं अपने खाते में प्रवेश नहीं कर पा रहा हूँ",
    "चालक बहुत विनम्र था और समय पर आया, धन्यवाद",
    "मैं अपने आदेश का पता कैसे बदल सकता हूँ, बताइए",
  ],
  Hangul: [
    "상자가 비어 있었습니다. 돈을 돌려주세요",
    "업데이트 후에 계정에 로그인할 수 없습니다",
    "기사님이 매우 친절했고 제시간에 도착했습니다",
    "주문한 상품의 배송 주소를 어떻게 바꾸나요 알려 주세요",
  ],
  Latin: [
    "Paczka przyszła pusta, proszę o zwrot pieniędzy na konto",
    "Nie mogę zalogować się po ostatniej aktualizacji programu",
    "Kierowca był bardzo uprzejmy i przyjechał na czas",
    "Jak zmienić adres dostawy mojego zamówienia",
  ],
};
const labelled = (texts: readonly string[]) => texts.map((text, i) => ({ text, label: i % 2 === 0 ? "a" : "b" }));
const tokenizerOf = async (json: Uint8Array) => TextTokenizer.load(await modelSource({ "tokenizer.json": json }), 256);
const english30 = Array.from({ length: 30 }, (_, i) => english[i % english.length]!);

async function messages(texts: readonly string[], tokenizer: TextTokenizer) {
  const { train, findings } = await summariseExamples(labelled(texts), { tokenizer });
  const found = findings.filter(({ code }) => code === "unknown-language");
  return { messages: found.map(({ message }) => message), scripts: train.tokens!.scripts };
}

describe("scripts and languages that a model hardly knows", async () => {
  const files = await miniLM();
  const minilm = await tokenizerOf(files["tokenizer.json"]!);

  it("finds nothing in English with addresses, code and emoji, nor in a foreign text among many", async () => {
    const found = await messages([...english30, other.Cyrillic[0]!], minilm);
    expect(found.messages).toEqual([]);
    expect(found.scripts.map(({ script, known }) => [script, known])).toEqual([
      ["Latin", true],
      ["Cyrillic", true], // too few letters to tell
    ]);
    expect(found.scripts[0]!.lettersPerToken).toBeGreaterThan(3.7);
    expect(found.scripts[0]!.share).toBeCloseTo(30 / 31, 12);
  });

  it("says of a script once that the model does not know it, also where few of its tokens are unknown", async () => {
    const korean = [...other.Hangul, "꿻 상자가 비었어요", "뷁 환불해 주세요", "밥이 맛있어요", "괜찮은 값이에요"];
    const { train, findings } = await summariseExamples(labelled(korean), { tokenizer: minilm });
    const [hangul] = train.tokens!.scripts;
    expect(hangul).toMatchObject({ script: "Hangul", known: false });
    expect(hangul!.unknown).toBeGreaterThan(0.05);
    expect(hangul!.unknown).toBeLessThan(0.3);
    expect(findings.map(({ code }) => code).filter((code) => code.startsWith("unknown-"))).toEqual([
      "unknown-language",
    ]);
  });

  it.each(Object.entries(other))("warns of %s, in which no token is unknown, with its share", async (script, texts) => {
    const alone = await messages(texts, minilm);
    expect(alone.messages).toHaveLength(1);
    expect(alone.messages[0]).toMatch(
      script === "Latin"
        ? /^100 % of the training texts are in Latin letters, of a language that the model hardly knows: it splits their words into pieces of 2\.\d letters; use a model/
        : new RegExp(
            `^100 % of the training texts are in ${script}, a script that the model hardly knows: it splits their words into pieces of [01]\\.\\d letters`,
          ),
    );
    expect(alone.scripts[0]).toMatchObject({ script, share: 1, known: false });
    expect(alone.scripts[0]!.unknown).toBeLessThan(0.06);
    if (script !== "Latin")
      expect((await messages([...english30, ...texts], minilm)).messages[0]).toMatch(
        /^12 % of the training texts are in /,
      );
  });

  it("finds nothing where the model has the words, nor judges Latin letters by a model of many languages", async () => {
    const json = tinyTokenizer();
    const probe = "русскии язык история города которыи человек работа время страна новыи";
    const words = [
      ...other.Cyrillic.join(" ")
        .toLowerCase()
        .normalize("NFD")
        .replace(/\p{M}/gu, "")
        .matchAll(/\p{L}+/gu),
    ];
    const letters = [..."abcdefghijklmnopqrstuvwxyzł"].flatMap((letter) => [letter, `##${letter}`]);
    const { vocab } = json.model as { vocab: Record<string, number> };
    for (const word of [...probe.split(" "), ...words.map(([word]) => word), ...letters])
      vocab[word] ??= Object.keys(vocab).length;
    const many = await tokenizerOf(new TextEncoder().encode(JSON.stringify(json)));
    const russian = await messages(other.Cyrillic, many);
    expect(russian.messages).toEqual([]);
    expect(russian.scripts[0]).toMatchObject({ script: "Cyrillic", known: true, unknown: 0 });
    const polish = await messages(other.Latin, many);
    expect(polish.scripts[0]).toMatchObject({ script: "Latin", known: true });
    expect(polish.scripts[0]!.lettersPerToken).toBeLessThan(1.5);
  });
});
