"""Cuts Japanese into words: a line of JSON for each line of text, [[begin, end, reading in katakana], ...].

Begin and end count characters. The analyser is Sudachi, with its core dictionary.
"""

import json
import sys

from sudachipy import Dictionary, SplitMode

tokenizer = Dictionary(dict="core").tokenizer(mode=SplitMode.C)
sys.stdin.reconfigure(encoding="utf-8")
sys.stdout.reconfigure(encoding="utf-8")
for line in sys.stdin:
    words = tokenizer.tokenize(line.rstrip("\n"))
    print(json.dumps([(word.begin(), word.end(), word.reading_form()) for word in words]))
