import numpy as np
import pytest

from transformers_vital.distortions.registry import DISTORTIONS
from transformers_vital.distortions.temporal import camera_shake, stuttering


class TestStuttering:
    @pytest.mark.parametrize("probability", DISTORTIONS["stuttering"].levels)
    def test_the_share_of_repeated_frames_is_q(self, probability):
        count = 4000
        shown = [
            p for _, p in stuttering(enumerate(range(count)), level=probability, generator=np.random.default_rng(0))
        ]
        repeated = sum(before == after for before, after in zip(shown, shown[1:], strict=False))
        deviation = np.sqrt(count * probability * (1 - probability))
        assert abs(repeated - count * probability) < 4 * deviation

    def test_a_frame_is_itself_or_the_one_shown_before(self):
        frames = [(seconds / 10, seconds) for seconds in range(200)]
        output = list(stuttering(iter(frames), level=0.5, generator=np.random.default_rng(1)))
        assert [seconds for seconds, _ in output] == [seconds for seconds, _ in frames]
        assert output[0][1] == 0
        for before, after, (_, source) in zip(output, output[1:], frames[1:], strict=False):
            assert after[1] in (source, before[1])

    def test_one_seed_repeats_more_with_severity_what_it_repeats_already(self):
        repeated = []
        for probability in DISTORTIONS["stuttering"].levels:
            shown = [
                p for _, p in stuttering(enumerate(range(500)), level=probability, generator=np.random.default_rng(2))
            ]
            repeated.append({index for index, picture in enumerate(shown) if picture != index})
        assert repeated[0] < repeated[1] < repeated[2]


class TestCameraShake:
    @pytest.mark.parametrize("share", DISTORTIONS["camera_shake"].levels)
    def test_every_frame_is_moved_by_up_to_its_share_of_the_shorter_side(self, share):
        places = np.zeros((200, 240, 3), dtype=np.uint8)
        places[..., 0], places[..., 1] = np.arange(240), np.arange(200)[:, None]
        shaken = camera_shake(((0, places) for _ in range(300)), level=share, generator=np.random.default_rng(0))
        moves = []
        for _, picture in shaken:
            right, down = 120 - int(picture[100, 120, 0]), 100 - int(picture[100, 120, 1])
            moves.append((right, down))
            inside = slice(10, -10)
            np.testing.assert_array_equal(
                picture[inside, inside].astype(int), places[inside, inside].astype(int) - [right, down, 0]
            )
        moves, reach = np.array(moves), round(share * 200)
        assert moves.max(axis=0).tolist() == [reach] * 2 and moves.min(axis=0).tolist() == [-reach] * 2
        assert np.abs(moves.mean(axis=0)).max() < 4 * reach / np.sqrt(3 * 300) + 0.1
