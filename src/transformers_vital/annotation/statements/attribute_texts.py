"""Sentences on the attributes of a medium, for each level of each; in the spelling of the paper, as all statements."""

# Five levels of each attribute, from the lowest numbers to the highest; no sentence where the number supports none.
# `{medium}` is "image" or "video".
ATTRIBUTE_SENTENCES: dict[str, tuple[tuple[str, ...], ...]] = {
    # The share of edges that are not visibly blurred.
    "blur": (
        (
            "Hardly any edge is sharp, so the {medium} looks blurred throughout.",
            "Sharpness is very low, resulting in a blurry {medium}.",
            "Nearly all edges are visibly blurred.",
        ),
        (
            "Most edges are visibly blurred.",
            "Sharpness is low, and most contours are soft.",
            "The {medium} is blurred along most of its edges.",
        ),
        (
            "Sharpness is moderate: some edges are crisp, others are soft.",
            "Part of the edges is visibly blurred.",
        ),
        (
            "Most edges are sharp.",
            "Sharpness is good along most contours.",
        ),
        (
            "Edges are sharp nearly everywhere.",
            "Sharpness is high, and contours are crisp.",
            "Hardly any edge of the {medium} is blurred.",
        ),
    ),
    "contrast": (
        (
            "Contrast is very low, and all tones lie close together.",
            "The {medium} looks flat, since its tones hardly differ.",
        ),
        (
            "Contrast is low.",
            "Tonal contrast is weak, which makes the {medium} look dull.",
            "Light and dark areas differ little.",
        ),
        (
            "Contrast is moderate.",
            "Light and dark areas are moderately separated.",
        ),
        (
            "Contrast is high.",
            "Light and dark areas are clearly separated.",
        ),
        (
            "Contrast is very high, with tones near both ends of the range.",
            "The {medium} is dominated by strong differences between light and dark.",
        ),
    ),
    # Fine texture counts as noise, so that high numbers do not tell them apart.
    "noise": (
        (
            "Noise is practically absent.",
            "Hardly any noise can be made out.",
            "Smooth areas are free of grain.",
        ),
        (
            "Noise is low.",
            "There is only little noise.",
        ),
        (),
        (
            "Considerable grain or fine texture covers the {medium}.",
            "Neighbouring pixels vary considerably, as with noise or fine texture.",
        ),
        (
            "Strong grain or dense fine texture covers the {medium}.",
            "Neighbouring pixels vary strongly, as with heavy noise or dense texture.",
        ),
    ),
    # Of an 8x8 grid from the corner; a crop or a resized copy hides it.
    "blockiness": (
        (
            "No block borders stand out.",
            "A block grid as compression leaves it cannot be made out.",
        ),
        (),
        (
            "Slight blocking artifacts follow an 8x8 grid.",
            "Block borders are faintly visible, as after moderate compression.",
        ),
        (
            "Blocking artifacts are visible on an 8x8 grid.",
            "Block borders stand out, as after strong compression.",
            "The {medium} shows compression blocks.",
        ),
        (
            "Severe blocking artifacts break the {medium} into 8x8 blocks.",
            "Block borders dominate, as after very strong compression.",
        ),
    ),
    "colourfulness": (
        (
            "The {medium} is nearly free of color.",
            "Hardly any color is present.",
        ),
        (
            "Colors are muted.",
            "The {medium} is only slightly colorful.",
            "Colorfulness is low.",
        ),
        (
            "Colors are moderately vivid.",
            "Colorfulness is moderate.",
        ),
        (
            "Colors are vivid.",
            "The {medium} is quite colorful.",
        ),
        (
            "Colors are extremely vivid.",
            "The {medium} is extremely colorful.",
        ),
    ),
    "luminance": (
        (
            "The {medium} is very dark overall.",
            "Overall brightness is very low.",
        ),
        (
            "The {medium} is rather dark overall.",
            "Overall brightness is low.",
        ),
        (
            "Overall brightness is moderate.",
            "The {medium} is neither dark nor bright overall.",
        ),
        (
            "The {medium} is bright overall.",
            "Overall brightness is high.",
        ),
        (
            "The {medium} is very bright overall.",
            "Overall brightness is very high.",
        ),
    ),
    "spatial_information": (
        (
            "There is very little spatial detail.",
            "The {medium} has hardly any strong edges.",
        ),
        (
            "Spatial detail is sparse.",
            "Strong edges are few.",
        ),
        (
            "The amount of spatial detail is moderate.",
            "Spatial complexity is moderate.",
        ),
        (
            "There is much spatial detail.",
            "Spatial complexity is high.",
        ),
        (
            "There is a great deal of spatial detail, with many strong edges.",
            "Spatial complexity is very high.",
        ),
    ),
    # The largest change of any two frames: a cut counts as much as motion.
    "temporal_information": (
        (
            "The scene is nearly static from frame to frame.",
            "Consecutive frames hardly differ anywhere in the video.",
        ),
        (
            "Consecutive frames differ little throughout.",
            "Changes between frames stay small.",
        ),
        ("Changes between frames are moderate at most.",),
        ("At least once, frames change strongly, by motion or a cut.",),
        ("At least once, frames change very strongly, by fast motion or a cut.",),
    ),
    # The share of frame changes with a jump in mean brightness, cuts and fades included.
    "flickering": (
        (
            "Brightness is steady over time, without flicker.",
            "No flicker is present: brightness never jumps between frames.",
        ),
        ("Brightness jumps only rarely, as at a cut.",),
        ("Brightness jumps between frames from time to time.",),
        (
            "Brightness jumps often between frames, as with flicker.",
            "Frequent jumps of brightness disturb the video.",
        ),
        (
            "Brightness jumps between a large part of all frames, as with strong flicker.",
            "The video flickers heavily.",
        ),
    ),
}

# The level that most media reach, which is the least worth telling: defects are mostly absent.
COMMON_LEVELS: dict[str, int] = dict.fromkeys(ATTRIBUTE_SENTENCES, 2) | {
    "blur": 3,
    "noise": 1,
    "blockiness": 0,
    "flickering": 0,
}

# What noise or blocks falsify: attribute → what spoils it, from which level on. Both have edges of their own, and
# noise of single channels is colorful.
SPOILED_BY: dict[str, dict[str, int]] = {
    "blur": {"noise": 3, "blockiness": 3},
    "colourfulness": {"noise": 3},
}
