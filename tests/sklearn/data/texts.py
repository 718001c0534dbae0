"""Texts, and lists of tokens made of them."""

import numpy as np


_WEATHER = """The storm brought heavy rain and wind to the coast on Monday.
Sunny skies and warm weather are expected for the whole weekend.
Snow fell overnight, and the roads to the mountains are closed.
Fog over the harbour delayed 12 ferries this morning.
A cold wind from the north will bring frost to the valleys.
Rain again tomorrow: bring an umbrella, says the weather service.
The drought has lasted 90 days; farmers hope for rain."""
_FOOD = """Bake the bread for 40 minutes until the crust is brown.
The soup needs salt, pepper and a little more cream.
Café crème and a croissant: the breakfast of Paris.
Slice the onions, then fry them slowly in butter.
Our restaurant serves fresh fish and wine from the valley.
Knead the dough, let it rest for an hour, and bake it.
Jalapeño, lime and coriander give the sauce its taste."""
_SPORT = """The team won the match 3-2 after extra time.
She ran the marathon in 2:19:05, a new record.
The coach of the home team praised the goalkeeper's saves.
Rain stopped play on the second day of the test match.
He scored two goals and missed a penalty in the final.
Tickets for the final are sold out, the club's manager said.
The cyclists climbed the mountain in heavy wind."""


def texts():
    by_topic = [("weather", _WEATHER), ("food", _FOOD), ("sport", _SPORT)]
    lines = [(line, topic) for topic, block in by_topic for line in block.splitlines()]
    x = [line for line, _ in lines]
    extra = ["", "Ünïcödé ÅNGSTRÖM straße İstanbul ﬁne", "a b c 1 22 333", "rain RAIN Rain", "x_1 don't e-mail\tnew\nline  spaces"]
    return x, np.array([topic for _, topic in lines]), x[::2] + extra


def tokens():
    rows = [line.lower().split() for line in texts()[0]]
    return rows, None, rows


def pairs():
    rows = [[(word, float(len(word) % 4 - 1)) for word in row] for row in tokens()[0]]
    return rows, None, rows


def texts_two():
    x, y, test = texts()
    return x, np.where(y == "food", "food", "other"), test


_LANGUAGES = """Ὀδυσσεὺς ἈΣΣΟΣ ΟΔΟΣ Σ ΑΣ. ΑΣ'Σ ΣΑΣ ᾼ
İstanbul'da IŞIK ılık İİ DİYARBAKIR Ⅷ Ⓐ ǅ ŉ
Щука ёлка Ёж МОСКВА, 2024 год; й й
今天天气很好，我们去公园散步。東京 カタカナ ｶﾞ ㌔
اللغة العربية ١٢٣ جميلة عَرَبِيّ
हिन्दी में क्षत्रिय १२
한국어 텍스트 각 ᄒᆞᆫ 가나다
Straße ẞ ﬁne ﬀ Åå ÅÅ é é ½ ² ³x ①②
naïve café déjà​vu ligne İı ﷺ
emoji 😀👍🏽 x😀y 𝔘𝔫𝔦 𐐀𐐨 Ⱥ Ⱦ K Ω"""


def languages():
    """Texts whose characters are not ASCII: cases that change their length or depend on neighbours, composed and decomposed."""
    x = _LANGUAGES.split("\n")
    return x, np.arange(len(x)) % 2, [*x, "ΑΣ", "Σ", "̇", " ", "ΟΔΟΣ́ ΟΔΟΣ́Α", "_a_ __ a_"]
