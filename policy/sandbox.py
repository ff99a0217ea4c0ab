"""What letter templates may do: say words, choose and repeat them, include parts. Nothing else, and nothing that runs long.

Templates are data of a pack, or texts saved in the desk: whoever writes them may choose words, not make the desk work.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import DictLoader, StrictUndefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.pack import Pack

_MOST_LOOPS = 2  # one within another; the lists of a letter are short
_LONGEST = 20_000  # characters of one template
_MOST_INCLUDES = 20  # of one letter
_FILTERS = frozenset({"join", "length", "count", "upper", "lower", "trim", "default", "first", "last"})
_PARTS = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.If,
    nodes.For,
    nodes.Include,
    nodes.CondExpr,
    nodes.Add,
    nodes.Sub,
    nodes.Tuple,
    nodes.List,
)


def letter_environment(texts: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """Templates by name, strict about unknown variables."""
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(texts),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # else the last line of an included part runs into the next text
    )
    environment.globals.clear()
    return environment


def letters_of(pack: Pack, language: str) -> ImmutableSandboxedEnvironment:
    """The pack's letters and parts of one language."""
    return _letters_of(
        tuple(sorted((name, text) for (name, tongue), text in pack.letters.items() if tongue == language))
    )


@lru_cache(maxsize=16)
def _letters_of(texts: tuple[tuple[str, str], ...]) -> ImmutableSandboxedEnvironment:
    return letter_environment(dict(texts))


def unfit_parts(text: str, *, is_part: bool = False) -> Iterator[tuple[int, str]]:
    """(line, what is wrong with it) for everything that a letter, or a part that letters include, may not do.

    Raises:
        jinja2.TemplateSyntaxError: It is no template at all.
        RecursionError: Nothing but nesting.
    """
    if len(text) > _LONGEST:
        yield 1, f"is longer than {_LONGEST} characters"
        return
    parsed = letter_environment({}).parse(text)
    yield from _unfit(parsed, 0)
    included = list(parsed.find_all(nodes.Include))
    if is_part:
        yield from ((one.lineno, "a part includes no other part") for one in included)
    elif len(included) > _MOST_INCLUDES:
        yield included[_MOST_INCLUDES].lineno, f"a letter includes at most {_MOST_INCLUDES} parts"


def _unfit(node: nodes.Node, loops: int) -> Iterator[tuple[int, str]]:
    name = type(node).__name__
    if not isinstance(node, _PARTS):
        yield node.lineno, f"{name}: a letter may only write variables, choose (if), repeat (for) and include parts"
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        yield node.lineno, f"filter {node.name} has no place in a letter; there are {', '.join(sorted(_FILTERS))}"
    if isinstance(node, nodes.Include) and not _is_part_named(node.template):
        yield node.lineno, "include needs the name of a part in quotes; those of parts begin with _"
    if isinstance(node, nodes.Include) and loops:
        yield node.lineno, "include has no place within for"
    if isinstance(node, nodes.For):
        loops += 1
        if loops > _MOST_LOOPS or node.recursive:
            yield node.lineno, f"for: at most {_MOST_LOOPS}, one within the other"
        if not isinstance(node.iter, nodes.Name | nodes.Getattr):
            yield node.lineno, "for goes through a list of the letter (for q in questions), and nothing else"
    for child in node.iter_child_nodes():
        yield from _unfit(child, loops)


def _is_part_named(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str) and node.value.startswith("_")
