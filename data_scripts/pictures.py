"""Pictures as arrays of bytes, whatever the mode that Pillow gives them: converted as a viewer shows them, or refused by
name where there is more than one way to do it."""

import io
import warnings

from command_line import InputError, Package
from file_tree import describe_start

np, Image, ImageOps = Package("numpy"), Package("PIL.Image"), Package("PIL.ImageOps")

# Whose numbers are bytes of colors that Pillow converts as they are meant.
CONVERTED = {"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"}
WITH_ALPHA = {"LA", "La", "PA", "RGBA", "RGBa"}
WHITE = (255, 255, 255)
SIXTEEN_BITS = {"I;16": "<u2", "I;16L": "<u2", "I;16B": ">u2", "I;16N": "=u2"}


def decode(content, name, ground=WHITE):
    """A Pillow image of mode L or RGB from the bytes of its file: turned as EXIF says, transparent pixels over a ground
    of this color, 16 bits a pixel brought to 8. InputError for what is no whole image, has several frames, or is in
    another mode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _load(content, name)
        return _to_bytes(image, name, ground)


def grey(content, name):
    """An image of mode L."""
    return decode(content, name).convert("L")


def rgb(content, name):
    """An image of mode RGB."""
    return decode(content, name).convert("RGB")


def _load(content, name):
    try:
        image = Image.open(io.BytesIO(content))
        if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":  # a photograph of several: the first is the picture
            raise InputError(f"{name} has {image.n_frames} frames; an image of a dataset has one. Save the frame that "
                             "is meant.")
        image.load()
        if image.format == "TIFF":  # which load() has turned
            return image
        turned = ImageOps.exif_transpose(image) or image
        turned.format = image.format
        return turned
    except InputError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # Pillow's readers raise what they meet
        if type(error).__name__ == "DecompressionBombError":
            raise InputError(f"{name} has more pixels than any image of a dataset.") from error
        unknown = type(error).__name__ == "UnidentifiedImageError"
        reason = describe_start(content[:512]) if unknown else str(error) or type(error).__name__
        raise InputError(f"{name} is not a whole image: {reason}.") from error


def _to_bytes(image, name, ground=WHITE):
    mode = image.mode
    if mode in SIXTEEN_BITS or mode == "I" and image.format in ("PNG", "PPM"):
        return _from_sixteen_bits(image, ground)
    if mode in WITH_ALPHA or mode in CONVERTED and "transparency" in image.info:
        return _over(image, ground)
    if mode in CONVERTED:
        return image.convert("L" if mode in ("1", "L") else "RGB")
    raise InputError(f"{name} is in the mode {mode}, whose numbers can be shown in more than one way. Save it with 8 "
                     "or 16 bits a pixel, grey or RGB.")


def _from_sixteen_bits(image, ground):
    if image.mode == "I":
        values = np.asarray(image).astype(np.int64)
    else:
        values = np.frombuffer(image.tobytes(), SIXTEEN_BITS[image.mode]).reshape(image.height, image.width).astype(np.int64)
    pixels = (values * 255 + 32767) // 65535
    opaque = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return opaque
    opaque.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return _over(opaque, ground)


def _over(image, ground):
    """Transparent pixels show the ground. A grey image stays grey on a grey ground."""
    is_grey = image.mode in ("1", "L", "LA", "La") and len(set(ground)) == 1
    straight = {"La": "LA", "RGBa": "RGBA"}.get(image.mode)
    with_alpha = (image.convert(straight) if straight else image).convert("RGBA")
    behind = Image.new("RGBA", image.size, (*ground, 255))
    return Image.alpha_composite(behind, with_alpha).convert("L" if is_grey else "RGB")
