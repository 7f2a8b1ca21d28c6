"""One mistake in the declarations, in words that help to correct it."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong at one place.

    Attributes
    ----------
    file, line
        Where it stands, the file as a path below the program's folder.
    what
        What is wrong, as a sentence without its full stop.
    write
        A line to write instead; empty where nobody can guess.
    """

    file: str
    line: int
    what: str
    write: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.what}."
        return f"{text}\n      {self.write}" if self.write else text
