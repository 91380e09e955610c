"""The compiled part of the metrics, under names that the typing of `_native.pyi` describes."""

from wsac import _wsac

Bert = _wsac.metrics.Bert
FluencyDetector = _wsac.metrics.FluencyDetector
Items = _wsac.metrics.Items
Meteor = _wsac.metrics.Meteor
Scores = _wsac.metrics.Scores
SentenceBert = _wsac.metrics.SentenceBert
Spice = _wsac.metrics.Spice
tokenise = _wsac.metrics.tokenise

__all__ = ["Bert", "FluencyDetector", "Items", "Meteor", "Scores", "SentenceBert", "Spice", "tokenise"]
