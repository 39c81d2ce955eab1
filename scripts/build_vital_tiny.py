"""Write `vital-tiny` with seeded random weights to a folder.

python scripts/build_vital_tiny.py build/vital-tiny
"""

import argparse
from pathlib import Path

from transformers_vital.scoring.default_model import SEED, build_untrained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to write the checkpoint")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the weights")
    arguments = parser.parse_args()
    folder = build_untrained(arguments.folder, seed=arguments.seed)
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>12,} {path}")


if __name__ == "__main__":
    main()
