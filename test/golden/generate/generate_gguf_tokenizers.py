"""Small tokenizers as GGUF files hold them, and the ids that Hugging Face's tokenizers give: test/golden/gguf/tokenizers.

    python3 generate_gguf_tokenizers.py

Each is trained on a few lines here with the steps that the models of its name have in their tokenizer.json. Made with
gguf 0.19.0 and tokenizers 0.23.
"""

import json
from pathlib import Path

from gguf import GGUFWriter
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = Path(__file__).parent.parent / "gguf" / "tokenizers"
LINES = [
    "The quick brown fox jumps over the lazy dog, and it doesn't look back; we've seen it, I'm sure. It's what they'll do.",
    "def f(x):\n    return x ** 2 + 10\n\n\nclass A:\n\tpass  # 12345 and 67,890.12",
    "naïve café — “quotes” cost £3.50 or 1 234 567 €; ÅÄÖ åäö Straße",
    "日本語 と 中文 mixed with English words, русский текст тоже",
    "HELLO THERE, DON'T SHOUT! (really?) [maybe] {yes} <no> a+b=c ~x^y |z| $5",
] * 4
TEXTS = LINES[:5] + [
    *["", " ", "  ", "\n", "a", " a", "a ", "   leading", "trailing   ", "tab\tand\r\nlines\n\n\n  x", "1", "12", "123", "1234 56789"],
    *["don't DON'T We'Ve i'M", "x²+½ ٣٤٥ Ⅷ", "e\u0301 é ﬁ Å", "emoji 😀🏳️‍🌈 \u200b\u00a0nbsp", "<s> inside <|end|> text<pad>"],
    *["a" * 60, "!?!?...---===", "...\n...", "snake_case camelCase ALLCAPS", "\u3000全角　スペース", "^~|`$+<=>"],
]
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
START = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CONTRACTIONS = r"?i:'s|'t|'re|'ve|'m|'ll|'d"
BY_CASE = (
    r"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]*[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]+{end}|"
    r"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]+[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]*{end}|{digits}"
    r"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<unk>", "<s>", "</s>", "<|end|>"]


def byte_level(use_regex: bool):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def isolated(*patterns: str):
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
    return pre_tokenizers.Sequence([*splits, byte_level(False)])


STEPS = {
    "gpt-2": byte_level(True),
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]),
    "llama-bpe": isolated(START + r"\p{N}{1,3}" + REST),
    "qwen2": isolated(START + r"\p{N}" + REST),
    "qwen35": isolated((START + r"\p{N}" + REST).replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"[^\s\p{L}", r"[^\s\p{L}\p{M}")),
    "gpt-4o": isolated(BY_CASE.format(end=f"({CONTRACTIONS})?", digits=r"\p{N}{1,3}")),
    "tekken": isolated(BY_CASE.format(end="", digits=r"\p{N}")),
    "default": isolated(r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"),
}


def write(name: str, kind: str, tokenizer: Tokenizer, merges: list[str] | None, start: bool) -> None:
    vocab = sorted(tokenizer.get_vocab(with_added_tokens=True).items(), key=lambda item: item[1])
    tokens = [token for token, _ in vocab]
    writer = GGUFWriter(OUT / f"{name}.gguf", "llama")
    writer.add_tokenizer_model(kind)
    if kind == "gpt2":
        writer.add_tokenizer_pre(name)
    writer.add_token_list(tokens)
    user = ["<pad>"]
    is_byte = lambda token: kind == "llama" and len(token) == 6 and token.startswith("<0x")
    kinds = [3 if t in SPECIAL[1:] else 2 if t == "<unk>" else 4 if t in user else 6 if is_byte(t) else 1 for t in tokens]
    if kind == "llama":
        # SentencePiece's scores of BPE: pieces in the order in which they were made; what was there before has none.
        writer.add_token_scores([-float(max(0, i - 260)) for i in range(len(tokens))])
    writer.add_token_types(kinds)
    if merges is not None:
        writer.add_token_merges(merges)
    for key, token in [("bos", "<s>"), ("eos", "</s>"), ("unk", "<unk>"), ("pad", "<pad>")]:
        getattr(writer, f"add_{key}_token_id")(tokens.index(token))
    if start != (kind == "llama"):
        writer.add_add_bos_token(start)
    writer.add_chat_template("{{ messages }}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    ids = [tokenizer.encode(text).ids for text in TEXTS]
    (OUT / f"{name}.json").write_text(json.dumps({"texts": TEXTS, "ids": ids}, ensure_ascii=True) + "\n")


def around(tokenizer: Tokenizer) -> None:
    start = tokenizer.token_to_id("<s>")
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", start)])


def byte_pairs(name: str) -> None:
    tokenizer = Tokenizer(models.BPE(ignore_merges=name in ("llama-bpe", "tekken")))
    if name.startswith("qwen"):
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = STEPS[name]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=520, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(LINES, trainer)
    tokenizer.add_tokens([AddedToken("<pad>", normalized=False)])
    start = name == "llama-bpe"
    if start:
        around(tokenizer)
    merges = [" ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    write(name, "gpt2", tokenizer, merges, start)


def pieces() -> None:
    """As Llama 2's: bytes for what is no piece, a space before each text."""
    marked = ["▁" + line.replace(" ", "▁") for line in LINES]
    trained = Tokenizer(models.BPE())
    # Spaces only begin pieces.
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trained.train_from_iterator(marked, trainers.BpeTrainer(vocab_size=240, show_progress=False, limit_alphabet=90))
    model = json.loads(trained.to_str())["model"]
    single = [t for t in model["vocab"] if len(t) == 1]
    made = ["".join(pair) for pair in model["merges"]]
    tokens = ["<unk>", "<s>", "</s>", *[f"<0x{byte:02X}>" for byte in range(256)], "<|end|>", *dict.fromkeys(made), *single]
    vocab = {token: i for i, token in enumerate(tokens)}
    merges = [tuple(pair) for pair in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.ByteFallback()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken("<pad>", normalized=False)])
    around(tokenizer)
    write("pieces", "llama", tokenizer, None, True)


OUT.mkdir(exist_ok=True, parents=True)
for each in STEPS:
    byte_pairs(each)
pieces()
