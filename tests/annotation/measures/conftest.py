"""Photographs of the repository as measures take them."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transformers_vital.annotation.measures.picture_view import PictureView


EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "media"


@pytest.fixture(scope="session")
def example():
    """Function from the name of a file in examples/media to a view of it."""

    @cache
    def view(name: str) -> PictureView:
        return PictureView(np.asarray(Image.open(EXAMPLES / name).convert("RGB")))

    return view
