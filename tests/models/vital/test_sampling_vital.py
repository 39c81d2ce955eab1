"""Which frames are taken: by time for new models, by index as the release does."""

import numpy as np
import pytest

from transformers_vital.models.vital.sampling_vital import nearest_frames, release_plan, time_plan


SETTINGS = {"key_frame_interval": 1.0, "motion_fps": 8.0, "max_key_frames": 32, "max_motion_frames": 256}


def plan(timestamps, fps=25.0, **changes):
    key, motion = time_plan(np.asarray(timestamps, dtype=float), fps, **{**SETTINGS, **changes})
    return key.tolist(), motion.tolist()


class TestTimePlan:
    def test_one_key_frame_a_second(self):
        key, _ = plan(np.arange(100) / 25)
        assert key == [0, 25, 50, 75]

    def test_motion_frames_lie_a_whole_number_of_frames_apart(self):
        _, motion = plan(np.arange(96) / 24)
        assert motion == list(range(0, 96, 3))  # 24 / 8 = every third

    def test_frames_slower_than_the_wanted_rate_are_all_taken(self):
        _, motion = plan(np.arange(12) / 4)
        assert motion == list(range(12))

    def test_the_last_motion_frame_is_repeated_to_a_multiple_of_four(self):
        _, motion = plan(np.arange(50) / 25)
        assert motion[-4:] == [48, 48, 48, 48] and len(motion) == 20

    def test_a_single_frame_is_enough(self):
        assert plan([0.0]) == ([0], [0, 0, 0, 0])

    @pytest.mark.parametrize("frames", range(1, 30))
    def test_any_length_gives_frames_that_exist(self, frames):
        key, motion = plan(np.arange(frames) / 30)
        assert len(key) == 1 and len(motion) % 4 == 0 and motion
        assert 0 <= min(key + motion) and max(key + motion) < frames
        assert sorted(motion) == motion

    def test_a_variable_rate_is_sampled_by_time_not_by_count(self):
        fast, slow = np.arange(60) / 60, 1 + np.arange(11) / 5  # a second at 60, two at 5 frames a second
        key, _ = plan(np.concatenate([fast, slow]))
        assert key == [0, 60, 65]

    def test_time_may_start_anywhere(self):
        assert plan(7.5 + np.arange(50) / 25) == plan(np.arange(50) / 25)

    def test_a_long_clip_is_spread_over_its_whole_length(self):
        hour = np.arange(3600 * 25) / 25
        key, motion = plan(hour)
        assert len(key) == 32 and len(motion) <= 256
        assert key[-1] >= len(hour) * 30 / 32 and motion[-1] >= len(hour) * 0.99
        assert np.diff(key).std() < 2

    def test_simultaneous_frames_are_no_division_by_zero(self):
        key, motion = plan([0.0, 0.0, 0.0])
        assert key == [0] and set(motion) <= {0, 1, 2}


class TestReleasePlan:
    @pytest.mark.parametrize(("frames", "stride", "motion"), [(7, 1, 4), (33, 4, 8), (64, 8, 8), (63, 8, 4)])
    def test_motion_frames_are_cut_to_a_multiple_of_four(self, frames, stride, motion):
        _, indices = release_plan(np.arange(frames) / 25, 25.0, motion_stride=stride)
        assert indices.tolist() == list(range(0, stride * motion, stride))

    def test_key_frames_off_the_motion_grid_are_lost(self):
        # 30 fps: seconds start at 0, 30, 60, 90; of these only 0 and 60 are multiples of four
        key, _ = release_plan(np.arange(120) / 30, 30.0, motion_stride=4)
        assert key.tolist() == [0, 60]

    def test_a_short_clip_fails_with_the_way_out(self):
        with pytest.raises(ValueError, match="has 15 frames; .* needs at least 16. Use a smaller motion_stride or"):
            release_plan(np.arange(15) / 25, 25.0, motion_stride=4)


def test_the_nearest_frame_is_the_earlier_of_two_equally_near():
    assert nearest_frames(np.array([0.0, 1.0, 2.0]), np.array([-1, 0.4, 0.5, 0.6, 9])).tolist() == [0, 0, 0, 1, 2]
