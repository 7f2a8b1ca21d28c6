"""Reads `functions/work/kinds.py` without any of your packages, and says everything that is wrong with it."""

from taskguard.declarations.check import check, load
from taskguard.declarations.executed import InvalidDeclarations
from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import data_modules

__all__ = ["InvalidDeclarations", "Mistake", "check", "data_modules", "load"]
