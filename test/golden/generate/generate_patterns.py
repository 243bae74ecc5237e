"""What Python's `re` says of regular expressions, for ts/io/pattern: python3 generate_patterns.py > ../patterns.json

Needs nothing but Python 3.11 or newer. Each case is [pattern, [[text, fullmatch, group], ...]] where `fullmatch` says whether
`re.fullmatch` does and `group` is what `re.match` captures with `.*(` pattern `)` before it, or null; or [pattern, null] where
`re.compile` refuses the pattern.
"""

import json
import random
import re
import warnings

warnings.simplefilter("ignore")
rng = random.Random(20)

ATOMS = list("abc01._-é") + [
    ".", "\\.", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "[abc]", "[^a]", "[a-c0-9_]", "[]a]", "[^]a]", "[a-]", "[-a]",
    "[\\d.]", "[\\]]", "\\x61", "\\u0061", "\\n", "\\0", "\\141", "[\\141]", "^", "$", "\\A", "\\Z", "\\b", "\\B", "a{", "{", "}", "]", "a{,",
    "(?i:A)", "(?s:.)", "(?m:^a$)", "(?-i:a)", "[a\\-c]", "[.]", "\\-", "\\_" ,
]  # fmt: skip
COUNTS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{1,}", "{0}", "{2,1}", "{,}", "{1,2}?"]
BROKEN = ["(", ")", "[", "a**", "*a", "|*", "(?P<1>a)", "(?P<a>a)(?P<a>b)", "[b-a]", "[\\d-a]", "\\", "\\q", "a{2}{3}",
          "^*", "(?<n>a)", "(?P<n)", "a(?i)b", "\\x6", "\\u006", "[\\400]", "[\\8]", "(?", "(?P", "a|(b", "[a", "(?Z)", "$+",
          "\\U00110000", "a{99999999999}", "[\\", "(?P<>a)", "(?i", "(?-i)a", "(?i-i:a", "(?:", "+", "?"]  # fmt: skip
FIXED = [
    ".*q_proj|.*v_proj", r"model\.layers\.\d+\.self_attn\.(q|k|v)_proj", r".*\.(?:query|value)", "", "()", "(|a)", "a||b", "(?i)Q_PROJ",
    "(?P<name>a)b", r"^.*\.(q_proj|v_proj)$", r"(?:.*?(?:language|text).*?(?:self_attn|mlp).*?(?:q_proj|k_proj).*?)", "(a*)*", "(a|a)*b",
    "(a?){3}a", "(?:^)*a", "(^)*a", "(?s).*", "(?i)(?s)A.", "(?is)A.", "(?m)a$", "[^\\n]*", "(a(?:b(c)?)?)?", "((a{2}){2}){2}", "a{0}b",
    r"layer\.[0-9]{1,2}", "é+", r"\w+", r"\S+\s\S+", "[é-ë]", "(?i)É", "[[]", "[a[b]", "a{b}", "a{1", "{2}" ,"x{}", "(?:)", "(?:a|)+", "(|a)+",
]  # fmt: skip
LOOKS = [
    r"encoder\.layer\.(?!0\.)\d+\.attention\.self\.(query|value)", r".*(?<!k)_proj", r".*(?<=layer\.0\.)attention.*", r"(?=.*query$).*", r"(?!model).*", "(?!)", "(?=)a",
    "(?<=)a", "(?<!)a", "(?=a)*a", "(?:(?=a)a)+b", "a(?=b)b", "a(?!b).*", "(?<=a*)b", "(?<=a|bc)c", "(?<=a{2})a", "aa(?<=a{2})", ".*(?<=\\b)b", "(?i)a(?=B)b", "(?i:(?=A))a",
    "(?=(?=(?!b)a).*b$)ab", "(?<!(?<=a)b)", ".+(?<!(?<=a)b)", "(?=(?P<n>a))(?P<n>b)", "(?=a", "(?<=a", ".*?(?=\\.b).*", "(?!.*\\n)(?s:.)*", ".*(?<=$)", ".(?<=^.)b?", "(?=a|ab)(?!a$)a.?",
    "(?<=a?)b", "(?<!(?:a|b)c)c", ".*(?<![.\\d])", "(?<=(?=ab)a)b", "a(?<=(?=ab)a)b",
]  # fmt: skip
TEXTS = ["", "a", "b", "ab", "aa", "aaaaaaaa", "abc", "a.b", "a\n", "\na", "a\nb", "é", "A", "0", "_", "-", "q_proj", "Q_proj", "x.q_proj\n",
         "model.layers.12.self_attn.q_proj", "encoder.layer.0.attention.query", "a{", "a{2}", "]", "a b", "\u0661", "\u00a0", "b.c.1.a"]  # fmt: skip


def pattern(depth):
    parts = []
    for _ in range(rng.randint(0, 3)):
        if depth and rng.random() < 0.35:
            part = rng.choice(["(", "(?:"]) + pattern(depth - 1) + ")"
        else:
            part = rng.choice(ATOMS)
        if rng.random() < 0.3:
            part += rng.choice(COUNTS)
        parts.append(part)
    text = "".join(parts)
    return text + "|" + pattern(depth - 1) if depth and rng.random() < 0.2 else text


def case(source):
    try:
        compiled = re.compile(source)
    except (re.error, OverflowError):
        return [source, None]
    results = []
    texts = set(TEXTS if len(source) > 12 else rng.sample(TEXTS, 14))
    for text in sorted(texts):
        group = None
        flags, body = re.match(r"((?:\(\?[a-zA-Z]+\))*)(.*)", source, re.S).groups()
        found = re.match(f"(?s:.*)(?P<captured_{len(source)}>{body})", text, sum(getattr(re, f.upper()) for f in set(flags) & set("ims")))
        if found:
            group = found.group(f"captured_{len(source)}")
        results.append([text, compiled.fullmatch(text) is not None, group])
    return [source, results]


sources = dict.fromkeys(FIXED + BROKEN + [pattern(3) for _ in range(900)] + LOOKS)
print("[")
print(",\n".join(json.dumps(case(source)) for source in sources if len(source) < 80))
print("]")
