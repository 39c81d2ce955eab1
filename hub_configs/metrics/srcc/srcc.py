"""`evaluate.load` finds the metric here; it is written in the package."""

from transformers_vital.evaluation.evaluate_metrics import Srcc as Srcc
