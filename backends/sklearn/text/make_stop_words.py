#!/usr/bin/env python3
"""Writes english_stop_words.inc, the words that stop_words="english" stands for, from the scikit-learn at hand.

A fitted model has only the name in it. The list has been the same in all versions from 0.24 to 1.9; scikit-learn (BSD 3-clause) took
it from the Glasgow Information Retrieval Group, http://ir.dcs.gla.ac.uk/resources/linguistic_utils/stop_words.
"""

import textwrap
from pathlib import Path

import sklearn
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

words = ", ".join(f'"{word}"' for word in sorted(ENGLISH_STOP_WORDS))
head = f"// Made by make_stop_words.py from scikit-learn {sklearn.__version__}, which says where the words are from.\n"
Path(__file__).with_name("english_stop_words.inc").write_text(head + "\n".join(textwrap.wrap(words, 100)) + ",\n")
