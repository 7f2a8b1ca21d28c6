"""Reads `functions/work/kinds.py` without any of your packages, and says everything that is wrong with it."""

from taskguard.declarations.load import InvalidDeclarations, load
from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import data_modules

__all__ = ["InvalidDeclarations", "Mistake", "data_modules", "load"]
