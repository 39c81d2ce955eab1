"""
Fresh interpreters: importing the VITAL model and processor against transformers' own InternVL, and the light parts.

    python benchmarks/import_time.py
"""

import argparse
import subprocess
import sys
from functools import partial

from measuring import fastest_seconds, report_targets


STATEMENTS = {
    "transformers' InternVL": "from transformers import AutoModelForImageTextToText, AutoProcessor; "
    "from transformers.models.internvl import InternVLForConditionalGeneration, InternVLProcessor",
    "VITAL": "import transformers_vital; from transformers import AutoModelForImageTextToText, AutoProcessor; "
    "from transformers_vital import VitalForConditionalGeneration, VitalProcessor",
    "import transformers_vital": "import transformers_vital",
    "transformers-vital --help": "import sys; sys.argv = ['transformers-vital', '--help']; "
    "from transformers_vital.cli.main import main; main()",
}


def run(statement: str) -> None:
    subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    contestants = {name: partial(run, statement) for name, statement in STATEMENTS.items()}
    for warm_up in contestants.values():
        warm_up()
    seconds = fastest_seconds(contestants, rounds=5)
    for name, value in seconds.items():
        print(f"{name:26}{value:6.2f} s")
    theirs, ours, _, light = seconds.values()
    return report_targets(
        {
            f"VITAL imports within 0.3 s of InternVL ({ours - theirs:.2f} s more)": ours - theirs <= 0.3,
            f"--help answers within a second ({light:.2f} s)": light <= 1,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
