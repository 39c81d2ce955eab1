"""Which suffixes and first bytes mean "image" and which mean "video"."""

from typing import Literal


Kind = Literal["image", "video"]

# Formats that hold either one picture or an animation: the suffix alone does not settle the kind.
ANIMATED_SUFFIXES = frozenset({".gif", ".webp", ".png", ".apng", ".avif", ".avifs"})
# Pillow also counts MPO and TIFF as "animated" (a stereo pair, pages), so its answer is asked for these only.
ANIMATED_FORMATS = frozenset({"GIF", "WEBP", "PNG", "AVIF"})

# .heic needs a Pillow plug-in; it is listed so that such a file becomes an error row and is not silently skipped.
IMAGE_SUFFIXES = ANIMATED_SUFFIXES | frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .bmp .dib .tif .tiff .jp2 .j2k .jpx .ppm .pgm .pbm .pnm .tga .heic .heif".split()
)
VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .qt .mkv .webm .avi .divx .wmv .asf .flv .f4v .mpg .mpeg .mpe .m1v .m2v .vob .ts .mts .m2ts "
    ".3gp .3g2 .ogv .mxf .nut .ivf .obu .y4m .dv .rm .rmvb .h264 .264 .h265 .hevc .265".split()
)

HEAD_BYTES = 200
_IMAGE_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
    *(b"P%d%c" % (number, space) for number in range(1, 7) for space in b"\n "),
)
_VIDEO_MAGIC = (
    b"\x1aE\xdf\xa3",
    b"FLV\x01",
    b"0&\xb2u\x8ef\xcf\x11",
    b"\x00\x00\x01\xba",
    b"\x00\x00\x01\xb3",
    b"\x00\x00\x00\x01",
    b"OggS",
    b"DKIF",
    b"YUV4MPEG2",
    b".RMF",
    b"nut/multimedia",
)
_QUICKTIME_ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
_STILL_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"hevc", b"hevx", b"mif1", b"msf1"})
_TRANSPORT_PACKET_BYTES = 188


def kind_of_suffix(suffix: str) -> Kind | None:
    """Kind a file suffix stands for, `None` when it is in neither table.

    Args:
        suffix (`str`): with its dot, upper or lower case.

    Example:

    ```python
    >>> from transformers_vital.media.formats import kind_of_suffix
    >>> kind_of_suffix(".JPG"), kind_of_suffix(".mkv"), kind_of_suffix(".md")
    ('image', 'video', None)

    ```
    """
    if suffix.lower() in IMAGE_SUFFIXES:
        return "image"
    return "video" if suffix.lower() in VIDEO_SUFFIXES else None


def kind_of_bytes(head: bytes) -> Kind | None:
    """Kind the first bytes of a file stand for, `None` when they are unknown.

    Args:
        head (`bytes`): the first `HEAD_BYTES` bytes, or all of a smaller file.

    Example:

    ```python
    >>> from transformers_vital.media.formats import kind_of_bytes
    >>> kind_of_bytes(b"GIF89a..."), kind_of_bytes(b"\\x00\\x00\\x00\\x20ftypisom"), kind_of_bytes(b"# Licence")
    ('image', 'video', None)

    ```
    """
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image", b"AVI ": "video"}.get(head[8:12])
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
        return "image"
    if head.startswith(_IMAGE_MAGIC):
        return "image"
    if head.startswith(_VIDEO_MAGIC) or head[4:8] in _QUICKTIME_ATOMS or _is_transport_stream(head):
        return "video"
    return None


def _is_transport_stream(head: bytes) -> bool:
    # .m2ts puts a 4-byte time before each packet.
    return any(head[start :: _TRANSPORT_PACKET_BYTES + start][:2] == b"GG" for start in (0, 4))
