"""transformers' own tests of image processors, run against VitalImageProcessor."""

import unittest

from transformers_tests import common_tests

from transformers_vital import VitalImageProcessor


common = common_tests("test_image_processing_common")


class VitalImageProcessingTester(common.ImageProcessingTester):
    """One tile per image, as the common tests count one picture out for one in."""

    def __init__(self, parent, **kwargs):
        settings = {"size": {"height": 20, "width": 20}, "min_patches": 1, "max_patches": 1, "do_resize": True}
        super().__init__(parent, **{**settings, **kwargs})

    def _get_image_processing_classes(self):
        return {"torchvision": VitalImageProcessor}

    def expected_output_image_shape(self, images):
        return self.num_channels, self.size["height"], self.size["width"]


class VitalImageProcessingTest(common.ImageProcessingTestMixin, unittest.TestCase):
    image_processor_tester_class = VitalImageProcessingTester
