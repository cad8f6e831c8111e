"""cat, head, tail, cut, sort, uniq, wc, tr, tee, nl, tac, basename, dirname, seq, xargs."""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Iterator

from simulator.hosts.machine.file_tree import FileFault
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import Options, read_options


async def read_inputs(call: Call, names: list[str]) -> tuple[list[tuple[str, str]], int]:
    """Name and text of every file, standard input for none or `-`, and the exit status so far."""
    texts: list[tuple[str, str]] = []
    status = 0
    for name in names or ["-"]:
        if name == "-":
            texts.append(("-", await call.streams.stdin.read_all()))
            continue
        try:
            texts.append((name, call.files.read(name)))
        except FileFault as error:
            status = call.fail(str(error))
    return texts, status


def split_lines(text: str) -> list[str]:
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


async def cat(call: Call) -> int:
    options = read_options(call.arguments, flags="nAbestuvET", words="number show-all")
    texts, status = await read_inputs(call, options.operands)
    joined = "".join(text for _, text in texts)
    if options.has("n", "number"):
        joined = "".join(f"{number:6d}\t{line}\n" for number, line in enumerate(split_lines(joined), start=1))
    call.write(joined)
    return status


async def head(call: Call) -> int:
    return await _take(call, _short_count(call.arguments), is_tail=False)


async def tail(call: Call) -> int:
    return await _take(call, _short_count(call.arguments), is_tail=True)


def _short_count(arguments: tuple[str, ...]) -> list[str]:
    """`-20` means `-n 20`."""
    return [part for word in arguments for part in (("-n", word[1:]) if re.fullmatch(r"-\d+", word) else (word,))]


async def _take(call: Call, words: list[str], *, is_tail: bool) -> int:
    options = read_options(
        words, flags="qvfFz" if is_tail else "qvz", values="ncs", words="lines= bytes= quiet follow retry"
    )
    texts, status = await read_inputs(call, options.operands)
    for name, text in texts:
        if len(texts) > 1 and not options.has("q", "quiet"):
            call.write(f"==> {name} <==\n")
        call.write(_cut(text, options, is_tail=is_tail))
    if options.has("f", "F", "follow"):
        if not texts:
            return call.fail("no files remaining")
        await asyncio.Event().wait()
    return status


def _cut(text: str, options: Options, *, is_tail: bool) -> str:
    amount = options.get("c", "bytes")
    if amount:
        count = _count(amount)
        data = text.encode("utf-8", "surrogateescape")
        kept = (data[-count:] if count else b"") if is_tail else data[:count]
        return kept.decode("utf-8", "surrogateescape")
    wanted = options.get("n", "lines", default="10")
    lines = text.splitlines(keepends=True)
    count = _count(wanted.lstrip("+-"))
    if is_tail:
        return "".join(lines[count - 1 :] if wanted.startswith("+") else lines[len(lines) - min(count, len(lines)) :])
    return "".join(lines[: max(0, len(lines) - count)] if wanted.startswith("-") else lines[:count])


def _count(text: str) -> int:
    found = re.fullmatch(r"(\d+)([kKmM]?)", text)
    return int(found[1]) * {"": 1, "k": 1024, "m": 1024**2}[found[2].lower()] if found else 10


async def cut(call: Call) -> int:
    options = read_options(
        call.arguments, flags="sn", values="cfdb", words="delimiter= fields= characters= only-delimited"
    )
    texts, status = await read_inputs(call, options.operands)
    delimiter = options.get("d", "delimiter", default="\t")
    places = options.get("c", "characters", "b") or options.get("f", "fields")
    is_by_field = options.has("f", "fields")
    for _, text in texts:
        for line in split_lines(text):
            if not is_by_field:
                call.write("".join(_pick(list(line), places)) + "\n")
            elif delimiter not in line:
                call.write("" if options.has("s", "only-delimited") else f"{line}\n")
            else:
                call.write(delimiter.join(_pick(line.split(delimiter), places)) + "\n")
    return status


def _pick(items: list[str], places: str) -> list[str]:
    picked: list[str] = []
    for place in re.split(r"[, ]", places):
        first, dash, last = place.partition("-")
        begin = int(first) if first else 1
        end = (int(last) if last else len(items)) if dash else begin
        picked.extend(items[begin - 1 : end])
    return picked


async def sort(call: Call) -> int:
    options = read_options(
        call.arguments, flags="nrhuVfbgM", values="kto", words="numeric-sort reverse human-numeric-sort unique key="
    )
    texts, status = await read_inputs(call, options.operands)
    lines = split_lines("".join(text for _, text in texts))
    column = re.match(r"(\d+)", options.get("k", "key"))
    separator = options.flags.get("t")
    flags = set(options.flags) | set(re.sub(r"[\d.,]", "", options.get("k", "key")))

    def key(line: str) -> tuple[float, str]:
        cell = line
        if column:
            cells = line.split(separator)
            cell = cells[int(column[1]) - 1] if int(column[1]) <= len(cells) else ""
        if flags & {"n", "numeric-sort", "h", "human-numeric-sort", "g"}:
            return _number(cell), ""
        return 0.0, cell

    lines.sort(key=key, reverse=bool(flags & {"r", "reverse"}))
    if options.has("u", "unique"):
        lines = list(dict.fromkeys(lines))
    call.write_lines(*lines)
    return status


def _number(text: str) -> float:
    found = re.match(r"\s*(-?\d+(?:\.\d+)?)([KMGTkmgt]?)", text)
    return float(found[1]) * 1024 ** " kmgt".index(found[2].lower() or " ") if found else 0.0


async def uniq(call: Call) -> int:
    options = read_options(call.arguments, flags="cdui", values="fs", words="count repeated unique")
    texts, status = await read_inputs(call, options.operands)
    groups: list[tuple[str, int]] = []
    for line in split_lines("".join(text for _, text in texts)):
        if groups and groups[-1][0] == line:
            groups[-1] = (line, groups[-1][1] + 1)
        else:
            groups.append((line, 1))
    for line, count in groups:
        if options.has("d", "repeated") and count == 1:
            continue
        call.write(f"{count:7d} {line}\n" if options.has("c", "count") else f"{line}\n")
    return status


async def wc(call: Call) -> int:
    options = read_options(call.arguments, flags="lwcmL", words="lines words bytes chars")
    texts, status = await read_inputs(call, options.operands)
    for name, text in texts:
        entry_size = len(text.encode("utf-8", "surrogateescape"))
        counts = {"l": text.count("\n"), "w": len(text.split()), "c": entry_size}
        chosen = [
            letter for letter, word in (("l", "lines"), ("w", "words"), ("c", "bytes")) if options.has(letter, word)
        ]
        shown = [str(counts[letter]) for letter in chosen or counts]
        label = "" if name == "-" else f" {name}"
        call.write((" ".join(shown) if len(shown) == 1 else " ".join(f"{n:>7}" for n in shown)) + label + "\n")
    return status


async def tr(call: Call) -> int:
    options = read_options(call.arguments, flags="dscC", words="delete squeeze-repeats complement")
    text = await call.streams.stdin.read_all()
    first = _character_set(options.operands[0]) if options.operands else ""
    second = _character_set(options.operands[1]) if len(options.operands) > 1 else ""
    is_complement = options.has("c", "C", "complement")
    if options.has("d", "delete"):
        return call.write("".join(sign for sign in text if (sign in first) == is_complement))
    if second:
        padded = second.ljust(len(first), second[-1])
        text = text.translate(str.maketrans(first, padded[: len(first)]))
    if options.has("s", "squeeze-repeats"):
        squeezed = second or first
        text = re.sub(rf"([{re.escape(squeezed)}])\1+", r"\1", text)
    return call.write(text)


def _character_set(text: str) -> str:
    text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0").replace("[:upper:]", "A-Z")
    text = text.replace("[:lower:]", "a-z").replace("[:digit:]", "0-9").replace("[:space:]", " \t\n")
    return re.sub(r"(.)-(.)", lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1))), text)


async def tee(call: Call) -> int:
    options = read_options(call.arguments, flags="ai", words="append")
    text = await call.streams.stdin.read_all()
    status = 0
    for name in options.operands:
        try:
            call.files.open(name, is_appending=options.has("a", "append")).write(text)
        except FileFault as error:
            status = call.fail(str(error))
    call.write(text)
    return status


async def tac(call: Call) -> int:
    texts, status = await read_inputs(call, [word for word in call.arguments if not word.startswith("-")])
    call.write_lines(*reversed(split_lines("".join(text for _, text in texts))))
    return status


def basename(call: Call) -> int:
    if not call.arguments:
        return call.fail("missing operand")
    base = posixpath.basename(call.arguments[0].rstrip("/")) or "/"
    suffix = call.arguments[1] if len(call.arguments) > 1 else ""
    return call.write_lines(base.removesuffix(suffix) if suffix else base)


def dirname(call: Call) -> int:
    return (
        call.write_lines(posixpath.dirname(call.arguments[0]) or ".")
        if call.arguments
        else call.fail("missing operand")
    )


def seq(call: Call) -> int:
    numbers = [int(word) for word in call.arguments if re.fullmatch(r"-?\d{1,9}", word)]
    if not numbers:
        return call.fail("missing operand")
    first, step = (1, 1) if len(numbers) == 1 else (numbers[0], 1 if len(numbers) == 2 else numbers[1])
    values: Iterator[int] = iter(range(first, numbers[-1] + (1 if step > 0 else -1), step or 1))
    return call.write_lines(*(str(value) for value, _ in zip(values, range(100_000), strict=False)))


async def xargs(call: Call) -> int:
    options = read_options(
        call.arguments, flags="0rtx", values="nIPLds", words="null no-run-if-empty", stops_at_operand=True
    )
    text = await call.streams.stdin.read_all()
    items = [item for item in text.split("\0") if item] if options.has("0", "null") else text.split()
    command = options.operands or ["echo"]
    if not items and options.has("r", "no-run-if-empty"):
        return 0
    placeholder = options.get("I")
    if placeholder:
        calls = [[word.replace(placeholder, line) for word in command] for line in split_lines(text)]
    else:
        size = int(options.get("n", default="5000") or 5000)
        calls = [[*command, *items[begin : begin + size]] for begin in range(0, len(items) or 1, size)]
    statuses = [await call.shell.call(words, streams=call.streams) for words in calls[:10_000]]
    return 123 if any(statuses) else 0


COMMANDS: dict[str, Command] = {
    "cat": cat,
    "zcat": cat,
    "less": cat,
    "more": cat,
    "head": head,
    "tail": tail,
    "cut": cut,
    "sort": sort,
    "uniq": uniq,
    "wc": wc,
    "tr": tr,
    "tee": tee,
    "tac": tac,
    "basename": basename,
    "dirname": dirname,
    "seq": seq,
    "xargs": xargs,
}
