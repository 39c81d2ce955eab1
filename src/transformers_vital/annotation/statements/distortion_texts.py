"""What each distortion does to a medium, by how strong it is; in the spelling of the paper, as all statements."""

# Where the words of the paper cannot be the subject of a sentence.
NOUNS = {
    "denoise": "denoising",
    "brighten": "brightening",
    "darken": "darkening",
    "non_eccentricity_patch": "displacement of small patches",
    "colour_block": "occlusion by color blocks",
    "high_sharpen": "high sharpening",
}

# What it does at the first severity, at those between, and at the last two, or the last of three. The direction of a
# mean shift and of a contrast change is drawn, so that no sentence names it. `{medium}` is "image" or "video".
EFFECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "gaussian_blur": (
        ("softens the finest detail slightly",),
        ("softens edges and hides fine texture",),
        ("removes most fine detail", "smears edges and textures"),
    ),
    "lens_blur": (
        ("softens fine detail slightly, as if a little out of focus",),
        ("makes edges soft, as if out of focus",),
        ("puts the whole {medium} out of focus", "turns fine detail into round smears"),
    ),
    "motion_blur": (
        ("softens fine detail slightly along one direction",),
        ("smears edges along one direction",),
        ("draws fine detail out into streaks", "streaks the {medium} along one direction"),
    ),
    "colour_diffusion": (
        ("lets colors run slightly over their outlines",),
        ("lets colors bleed over edges while contours stay",),
        ("spreads colors far over edges, like watercolor", "washes colors out across contours"),
    ),
    "colour_shift": (
        ("adds faint color fringes to edges",),
        ("adds color fringes along edges",),
        ("displaces one color channel, with wide fringes along edges",),
    ),
    "colour_quantisation": (
        ("makes color gradients slightly uneven",),
        ("turns color gradients into visible bands",),
        ("leaves only a few colors, with coarse bands", "reduces the {medium} to flat patches of few colors"),
    ),
    "colour_over_saturation": (
        ("makes colors slightly too vivid",),
        ("exaggerates colors visibly",),
        ("makes colors garish and unnatural",),
    ),
    "colour_de_saturation": (
        ("fades colors slightly",),
        ("makes colors look faded",),
        ("takes most of the color away", "leaves colors washed out"),
    ),
    "jpeg2000_compression": (
        ("costs a little fine texture",),
        ("smooths textures and adds ringing to edges",),
        ("blurs textures away and leaves ringing around edges",),
    ),
    "jpeg_compression": (
        ("adds slight compression artifacts",),
        ("adds blocking and ringing",),
        ("breaks smooth areas into blocks", "causes strong blocking and loss of detail"),
    ),
    "white_noise": (
        ("adds fine grain",),
        ("covers the {medium} with visible grain",),
        ("covers the {medium} with strong grain", "hides fine detail in grain"),
    ),
    "white_noise_with_colour": (
        ("adds fine, tinted grain",),
        ("covers the {medium} with colored grain",),
        ("covers the {medium} with strong colored grain", "hides fine detail in colored grain"),
    ),
    "impulse_noise": (
        ("sprinkles a few black and white dots",),
        ("scatters black and white dots over the {medium}",),
        ("covers the {medium} with salt-and-pepper dots",),
    ),
    "multiplicative_noise": (
        ("adds fine grain to bright areas",),
        ("makes bright areas grainy",),
        ("covers bright areas with strong speckle",),
    ),
    "denoise": (
        ("smooths fine texture and leaves faint traces of noise",),
        ("smooths textures and leaves traces of noise",),
        ("smears textures and leaves blotches", "removes texture and leaves visible artifacts"),
    ),
    "brighten": (
        ("lifts the midtones slightly",),
        ("makes the midtones too bright",),
        ("makes the {medium} look overexposed",),
    ),
    "darken": (
        ("lowers the midtones slightly",),
        ("makes the midtones too dark",),
        ("makes the {medium} look underexposed",),
    ),
    "mean_shift": (
        ("changes overall brightness slightly",),
        ("moves overall brightness visibly",),
        ("moves overall brightness strongly",),
    ),
    "jitter": (
        ("makes edges slightly ragged",),
        ("makes edges ragged",),
        ("scatters pixels, so that contours fray",),
    ),
    "non_eccentricity_patch": (
        ("breaks local structure in a number of small places",),
        ("breaks local structure in many small places",),
        ("breaks local structure all over the {medium}",),
    ),
    "pixelation": (
        ("makes edges slightly stepped",),
        ("makes edges stepped and costs fine detail",),
        ("replaces fine detail by visible squares",),
    ),
    "quantisation": (
        ("makes smooth gradients slightly uneven",),
        ("causes tonal banding in smooth gradients",),
        ("leaves only a few tones, with coarse banding",),
    ),
    "colour_block": (
        ("hides small parts behind plain squares",),
        ("hides several parts behind plain squares",),
        ("hides many parts behind plain squares",),
    ),
    "high_sharpen": (
        ("overemphasizes edges slightly",),
        ("adds halos along edges",),
        ("causes strong halos and overshoots along edges",),
    ),
    "contrast_change": (
        ("alters tonal contrast slightly",),
        ("alters tonal contrast visibly",),
        ("alters tonal contrast strongly",),
    ),
    "stuttering": (
        ("makes motion slightly uneven",),
        ("interrupts motion by repeated frames",),
        ("freezes and breaks motion again and again",),
    ),
    "camera_shake": (
        ("makes the view tremble slightly",),
        ("makes the view jump from frame to frame",),
        ("makes the view jump widely from frame to frame",),
    ),
    "h264_compression": (
        ("costs a little fine texture",),
        ("causes loss of texture and some blocking",),
        ("causes strong blocking, blur and loss of texture",),
    ),
    "h265_compression": (
        ("costs a little fine texture",),
        ("smooths textures and suppresses fine detail",),
        ("smooths textures away, with blocking and ringing",),
    ),
}

# `{name}` is what the distortion is called, `{severity}` the word of Sec. 3.1, `{effect}` what it does.
SENTENCES = (
    "{severity} {name} {effect}.",
    "{name} is {severity} and {effect}.",
    "The {medium} has {severity} {name}, which {effect}.",
)
