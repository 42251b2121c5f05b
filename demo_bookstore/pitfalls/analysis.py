"""What a text says between its lines, worked out by TextBlob and NLTK."""

from nltk.probability import FreqDist
from nltk.tokenize import PunktSentenceTokenizer, RegexpTokenizer
from textblob import TextBlob

SHORTEST = 4
"""Letters of a word that says something; shorter ones are mostly glue."""

_words = RegexpTokenizer(rf"\w{{{SHORTEST},}}")
_sentences = PunktSentenceTokenizer()


def mood(text: str) -> float:
    """Return how a text sounds, sentence by sentence: from -1, bitter, to 1, delighted."""
    found = [TextBlob(sentence).sentiment.polarity for sentence in _sentences.tokenize(text)]
    return sum(found) / len(found) if found else 0.0


def gist(text: str, count: int = 2) -> str:
    """Return the sentences that use the words which the text uses most, in their order."""
    sentences = _sentences.tokenize(text)
    frequent = FreqDist(_words.tokenize(text.lower()))

    def weight(sentence: str) -> float:
        words = _words.tokenize(sentence.lower())
        return sum(frequent.freq(word) for word in words) / (len(words) or 1)

    best = sorted(sentences, key=weight, reverse=True)[:count]
    return " ".join(sentence for sentence in sentences if sentence in best)
