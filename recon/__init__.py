"""Does the converted code give the same data, and if not, why not?"""

__version__ = "0.1.0"
