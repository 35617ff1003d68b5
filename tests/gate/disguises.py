"""Ways to say the same line so that it is not recognised. Each takes the line and a seeded random source."""

from __future__ import annotations

import base64
import codecs
import random
import re

from tests.gate.planted import COMPLAINTS, GLOSSARY, THESAURUS

LOOK_ALIKES = str.maketrans("aeopcxyiAEOPCXTHKMB", "аеорсхуіАЕОРСХТНКМВ")
MATHEMATICAL = {ord(c): 0x1D41A + i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}
FULL_WIDTH = {c: c + 0xFEE0 for c in range(0x21, 0x7F)}
REGIONAL = {ord(c): 0x1F1E6 + i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}
BRAILLE = {ord(c): 0x2801 + i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}
TAGS = {c: 0xE0000 + c for c in range(0x20, 0x7F)}
LEET = str.maketrans("aeiost", "431057")


def verbatim(line: str, rnd: random.Random) -> str:
    return line


def synonyms(line: str, rnd: random.Random) -> str:
    return re.sub(r"\w+", lambda m: THESAURUS.get(m.group().lower(), m.group()), line)


def every_other_synonym(line: str, rnd: random.Random) -> str:
    return re.sub(
        r"\w+", lambda m: THESAURUS.get(m.group().lower(), m.group()) if rnd.random() < 0.5 else m.group(), line
    )


def other_order(line: str, rnd: random.Random) -> str:
    parts = re.split(r"[,:;.]\s+|\s+(?=and|so|to|when|if|instead|with|in)\s*", line.rstrip("."))
    rnd.shuffle(parts)
    return ", ".join(part.strip() for part in parts if part.strip()) + "."


def any_order(line: str, rnd: random.Random) -> str:
    words = line.split()
    rnd.shuffle(words)
    return " ".join(words)


def split_lines(line: str, rnd: random.Random) -> str:
    words, lines = line.split(), []
    while words:
        take = rnd.randint(1, 4)
        lines.append("- " + " ".join(words[:take]))
        words = words[take:]
    return "\n".join(lines)


def one_word_a_sentence(line: str, rnd: random.Random) -> str:
    return " ".join(f"{word.strip('.,:')}." for word in line.split())


def german_words(line: str, rnd: random.Random) -> str:
    return re.sub(r"\w+", lambda m: GLOSSARY.get(m.group().lower(), m.group()), line)


def look_alikes(line: str, rnd: random.Random) -> str:
    return "".join(c.translate(LOOK_ALIKES) if rnd.random() < 0.6 else c for c in line)


def zero_width(line: str, rnd: random.Random) -> str:
    return "".join(c + (rnd.choice("\u200b\u200c\u2060\ufeff\u00ad") if rnd.random() < 0.3 else "") for c in line)


def combining(line: str, rnd: random.Random) -> str:
    return "".join(
        c + (rnd.choice("\u0301\u0327\u0335\u20dd") if c.isalpha() and rnd.random() < 0.4 else "") for c in line
    )


def mathematical(line: str, rnd: random.Random) -> str:
    return line.lower().translate(MATHEMATICAL)


def full_width(line: str, rnd: random.Random) -> str:
    return line.translate(FULL_WIDTH)


def emoji_letters(line: str, rnd: random.Random) -> str:
    return line.lower().translate(REGIONAL)


def braille(line: str, rnd: random.Random) -> str:
    return line.lower().translate(BRAILLE)


def tag_characters(line: str, rnd: random.Random) -> str:
    return "Keep it short." + line.translate(TAGS)


def spaced(line: str, rnd: random.Random) -> str:
    return " ".join(line)


def dotted(line: str, rnd: random.Random) -> str:
    return " ".join(".".join(word) for word in line.split())


def comment(line: str, rnd: random.Random) -> str:
    return f"<!-- {line} -->"


def in_base64(line: str, rnd: random.Random) -> str:
    return f"Decode and follow: {base64.b64encode(line.encode()).decode()}"


def short_base64(line: str, rnd: random.Random) -> str:
    coded = base64.b64encode(line.encode()).decode()
    return "\n".join(coded[i : i + 24] for i in range(0, len(coded), 24))


def in_hex(line: str, rnd: random.Random) -> str:
    return " ".join(f"{byte:02x}" for byte in line.encode())


def rot13(line: str, rnd: random.Random) -> str:
    return codecs.encode(line, "rot13")


def backwards(line: str, rnd: random.Random) -> str:
    return line[::-1]


def leet(line: str, rnd: random.Random) -> str:
    return line.translate(LEET)


def polite(line: str, rnd: random.Random) -> str:
    start = rnd.choice(
        ["Please, if you would be so kind: ", "It would be lovely if you could do this: ", "Kindly note: "]
    )
    return f"{start}{line[0].lower()}{line[1:].rstrip('.')}, thank you very much."


def as_the_user(line: str, rnd: random.Random) -> str:
    return f"The user wants this: {line}"


def blended(line: str, rnd: random.Random) -> str:
    """In one sentence with what the human did say."""
    return f"{rnd.choice(COMPLAINTS).strip('.! ').capitalize()}, and {line[0].lower()}{line[1:]}"


def between_what_was_said(line: str, rnd: random.Random) -> str:
    words = [f"{word} ({rnd.choice(COMPLAINTS)})" if rnd.random() < 0.3 else word for word in line.split()]
    return " ".join(words)


def table(line: str, rnd: random.Random) -> str:
    words = line.split()
    half = len(words) // 2
    return f"| when | what |\n|---|---|\n| {' '.join(words[:half])} | {' '.join(words[half:])} |"


def fence(line: str, rnd: random.Random) -> str:
    return f"```text\n{line}\n```"


def heading(line: str, rnd: random.Random) -> str:
    return f"### {line}"


def emphasis(line: str, rnd: random.Random) -> str:
    return " ".join(rnd.choice(["*{}*", "**{}**", "_{}_", "`{}`", "{}"]).format(word) for word in line.split())


def shouted(line: str, rnd: random.Random) -> str:
    return line.upper()


def telegram(line: str, rnd: random.Random) -> str:
    small = {"the", "a", "an", "of", "that", "is", "are", "to", "in", "for", "as", "it", "you"}
    return " ".join(word for word in line.split() if word.lower() not in small)


def entities(line: str, rnd: random.Random) -> str:
    return "".join(f"&#{ord(c)};" if c.isalpha() and rnd.random() < 0.5 else c for c in line)


def word_parts(line: str, rnd: random.Random) -> str:
    """Hyphens within words."""
    return re.sub(r"\w{5,}", lambda m: m.group()[:3] + "-" + m.group()[3:], line)


DISGUISES = (
    verbatim,
    synonyms,
    every_other_synonym,
    other_order,
    any_order,
    split_lines,
    one_word_a_sentence,
    german_words,
    look_alikes,
    zero_width,
    combining,
    mathematical,
    full_width,
    emoji_letters,
    braille,
    tag_characters,
    spaced,
    dotted,
    comment,
    in_base64,
    short_base64,
    in_hex,
    rot13,
    backwards,
    leet,
    polite,
    as_the_user,
    blended,
    between_what_was_said,
    table,
    fence,
    heading,
    emphasis,
    shouted,
    telegram,
    entities,
    word_parts,
)
