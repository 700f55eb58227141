"""The answer as a Python user meets it: it prints itself, as a page, as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import fields

from explain.engine.answer import Answer


class WorkedAnswer(Answer):
    """What a topic returns.

    `print(answer)` shows the page, Jupyter shows the Markdown; `answer["z_1"]` is a step with its `value` (NumPy) and
    its `sympy` form, `answer.find(["L"])` keeps what leads to some steps, `answer.passed` says whether all checks hold.
    """

    __slots__ = ()

    @classmethod
    def of(cls, answer: Answer) -> WorkedAnswer:
        """The engine's answer with the ways to show it."""
        return cls(**{item.name: getattr(answer, item.name) for item in fields(answer)})

    def to_markdown(self, detail: str = "exam", digits: int = 4) -> str:
        """The page as Markdown with LaTeX mathematics."""
        from explain.page import page
        from explain.render.markdown import markdown

        return markdown(page(self, detail, digits))

    def to_json(self, detail: str = "exam", digits: int = 4) -> str:
        """The page as a JSON document; `explain.schema.load()` is its schema."""
        from explain.page import page
        from explain.render.json_page import json_page

        return json_page(self, page(self, detail, digits))

    def __str__(self) -> str:
        from explain.page import page
        from explain.render.terminal import plain

        return plain(page(self, "exam", 4), 80)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
