"""The list of types against the paper's, and that each severity of each type is worse than the one before."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from scipy import stats
from skimage.color import deltaE_ciede2000, rgb2gray, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from transformers_vital.distortions.apply import distort_image
from transformers_vital.distortions.registry import (
    DISTORTIONS,
    SEVERITIES,
    VIDEO_SEVERITIES,
    choose_distortion,
    find_distortion,
)
from transformers_vital.errors import DistortionError


PICTURE_TYPES = [name for name, distortion in DISTORTIONS.items() if not distortion.video_only]

# Headings of Sec. 9.3, in its order.
PAPER = """
Gaussian Blur. Lens Blur. Motion Blur. Color Diffusion. Color Shift. Color Quantization. Color Over-Saturation.
Color De-Saturation. JPEG2000 Compression. JPEG Compression. White Noise. White Noise with Color. Impulse Noise.
Multiplicative Noise. Denoise. Brighten. Darken. Mean Shift. Jitter. Non-Eccentricity Patch. Pixelation. Quantization.
Color Block. High Sharpen. Contrast Change. Stuttering. Camera Shake. H264 Compression. H265 Compression.
"""


def test_types_are_those_of_the_paper_in_its_words():
    headings = [heading.strip() for heading in PAPER.replace("\n", " ").split(".") if heading.strip()]
    assert [distortion.text.lower() for distortion in DISTORTIONS.values()] == [
        heading.lower() for heading in headings
    ]
    assert len(PICTURE_TYPES) == 25 and len(DISTORTIONS) == 29


def test_the_place_of_a_type_is_its_number_in_kadis():
    """The authors' file `男团舞_00230_11_03.jpg` is "relatively severe white noise": type 11, level 3."""
    assert list(DISTORTIONS)[11 - 1] == "white_noise"
    assert SEVERITIES[3 - 1] == "relatively severe"


@pytest.mark.parametrize("distortion", DISTORTIONS.values(), ids=DISTORTIONS)
def test_every_severity_has_a_level_and_a_word(distortion):
    assert distortion.severities == (VIDEO_SEVERITIES if distortion.video_only else SEVERITIES)
    assert len(distortion.levels) == len(distortion.severities) == len(set(distortion.levels))
    kinds = [distortion.picture, distortion.frames, distortion.encoding]
    assert sum(kind is not None for kind in kinds) == 1
    assert next(filter(None, kinds)).__name__ == distortion.name


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("lens_blur", (1, 2, 4, 6, 8)),
        ("jpeg_compression", (43, 36, 24, 7, 4)),
        ("white_noise", (0.001, 0.002, 0.003, 0.005, 0.01)),
        ("non_eccentricity_patch", (20, 40, 60, 80, 100)),
        ("h264_compression", (24, 36, 48)),
        ("h265_compression", (24, 36, 48)),
    ],
)
def test_published_levels_are_kept(name, levels):
    assert DISTORTIONS[name].levels == levels


def similarity(reference: np.ndarray, copy: np.ndarray) -> float:
    return structural_similarity(rgb2gray(reference), rgb2gray(copy), data_range=1)


def colour_likeness(reference: np.ndarray, copy: np.ndarray) -> float:
    return -float(deltaE_ciede2000(rgb2lab(reference), rgb2lab(copy)).mean())


# Chosen for what each can see: luminance SSIM structure, CIEDE2000 colour, PSNR brightness and contrast as a whole.
MEASURES = dict.fromkeys(PICTURE_TYPES, similarity)
MEASURES |= {name: colour_likeness for name in PICTURE_TYPES if name.startswith("colour_") and "block" not in name}
MEASURES |= dict.fromkeys(("brighten", "darken", "mean_shift", "contrast_change"), peak_signal_noise_ratio)


@pytest.mark.parametrize("name", PICTURE_TYPES)
def test_each_severity_lowers_the_full_reference_score(photos, name):
    for seed, (photo, picture) in enumerate(photos.items()):
        copies = [distort_image(picture, distortion=name, severity=severity, seed=seed) for severity in range(1, 6)]
        assert (copies[0] != picture).any(), photo
        scores = [MEASURES[name](picture, copy) for copy in copies]
        assert all(before > after for before, after in zip(scores, scores[1:], strict=False)), (photo, scores)


class TestNames:
    def test_a_near_miss_is_answered_with_the_closest_names(self):
        with pytest.raises(DistortionError, match="'white_nois' is no distortion. Did you mean white_noise or "):
            find_distortion("white_nois")

    def test_american_spelling_finds_the_british_name(self):
        with pytest.raises(DistortionError, match="Did you mean colour_shift"):
            find_distortion("color_shift")

    def test_a_name_like_no_other_is_answered_with_all(self):
        with pytest.raises(
            DistortionError, match="'xyz' is no distortion. Choose one of gaussian_blur, lens_blur, .*h265"
        ):
            find_distortion("xyz")

    @pytest.mark.parametrize("severity", [0, 6, -1, 1.0, "mild", None])
    def test_a_severity_out_of_range_is_answered_with_the_severities(self, severity):
        listed = r"1 \(mild\), 2 \(noticeable\), 3 \(relatively severe\), 4 \(severe\), 5 \(very severe\)\."
        with pytest.raises(DistortionError, match=f"severity is {severity!r}; expected one of jitter: {listed}"):
            DISTORTIONS["jitter"].index_of(severity)

    def test_video_types_have_three(self):
        with pytest.raises(DistortionError, match=r"severity is 4; .* 1 \(mild\), 2 \(noticeable\), 3 \(severe\)\."):
            DISTORTIONS["stuttering"].index_of(4)
        assert DISTORTIONS["stuttering"].index_of(np.int64(3)) == 2


class TestChoice:
    @pytest.mark.parametrize(("kind", "types"), [("image", 25), ("video", 29)])
    def test_types_and_severities_are_uniform(self, kind, types):
        chosen = Counter(choose_distortion(f"item {index}", kind=kind, seed=0) for index in range(6000))
        by_type = Counter()
        for (name, severity), count in chosen.items():
            assert 1 <= severity <= len(DISTORTIONS[name].levels)
            assert kind == "video" or not DISTORTIONS[name].video_only
            by_type[name] += count
        assert len(by_type) == types
        assert stats.chisquare(list(by_type.values())).pvalue > 1e-3
        expected = {
            (name, severity): 6000 / types / len(DISTORTIONS[name].levels)
            for name in by_type
            for severity in range(1, len(DISTORTIONS[name].levels) + 1)
        }
        assert stats.chisquare([chosen[key] for key in expected], list(expected.values())).pvalue > 1e-3

    def test_it_depends_on_key_kind_and_seed(self):
        keys = [f"item {index}" for index in range(50)]
        choices = [
            [choose_distortion(key, kind=kind, seed=seed) for key in keys]
            for kind, seed in (("image", 0), ("image", 1), ("video", 0))
        ]
        assert choices[0] != choices[1] and choices[0] != choices[2]
        assert choices[0] == [choose_distortion(key, kind="image", seed=0) for key in keys]

    def test_another_kind_is_refused(self):
        with pytest.raises(DistortionError, match='kind is \'audio\'; expected "image" or "video"'):
            choose_distortion("a", kind="audio", seed=0)


def test_the_registry_loads_no_library_of_pictures_or_videos():
    code = "import sys, transformers_vital.distortions.apply; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "transformers_vital.distortions.registry" in loaded
    assert {"cv2", "skimage", "scipy", "av", "torch", "transformers"}.isdisjoint(loaded)
