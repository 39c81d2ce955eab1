"""
Loading script of datasets that transformers_vital built, for releases of `datasets` before 4.

    load_dataset("hub_configs/datasets/vital/vital.py", "image_pair", data_dir="DATASET", trust_remote_code=True)

Since release 4, `datasets` refuses scripts ("Dataset scripts are no longer supported"). There the folder itself is
loaded, by the configurations in its card:

    load_dataset("DATASET", "image_pair")

or the builder is used without a script, `transformers_vital.data.builder.VitalDatasetBuilder`.
"""

from transformers_vital.data.builder import VitalDatasetBuilder


class Vital(VitalDatasetBuilder):
    """[`VitalDatasetBuilder`] under the name of this script."""
