"""Pictures of a journal, made anew from their pixels: what a camera wrote beside them stays behind."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from cairn.learning.journal_rules import KEPT, BadImage, media_type

MAX_PIXELS = 40_000_000  # a small file can unpack to more than a process has
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def made_anew(data: bytes) -> tuple[str, bytes]:
    """The picture's media type and its bytes without place, camera, comments and trailing data.

    It is turned as its camera meant it. Raises BadImage for what is no picture, or has too many pixels.
    """
    kind = media_type(data)
    try:
        with Image.open(BytesIO(data), formats=[_FORMATS[kind]]) as picture:
            _check_size(picture)
            return kind, _saved(ImageOps.exif_transpose(picture), kind)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise BadImage(f"That picture is damaged, so it was not added. {KEPT}") from None


def _check_size(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        size = f"{picture.width} by {picture.height} pixels"
        raise BadImage(
            f"The picture has {size}; at most {MAX_PIXELS:,} in all are taken. {KEPT} Make it smaller."
        )


def _saved(picture: Image.Image, kind: str) -> bytes:
    pixels = picture if picture.mode in ("1", "L", "LA", "RGB", "RGBA") else picture.convert("RGBA")
    if kind == "image/jpeg" and pixels.mode not in ("L", "RGB"):
        pixels = pixels.convert("RGB")
    bare = Image.new(pixels.mode, pixels.size)
    bare.paste(pixels)
    into = BytesIO()
    bare.save(into, _FORMATS[kind], **({"quality": 90} if kind != "image/png" else {"optimize": True}))
    return into.getvalue()
