"""data_scripts/pictures.py: every mode that Pillow gives becomes what a viewer shows, or is refused by name."""

import io
import unittest
import zlib

from packing import PackerTest, image_file

import numpy as np
from PIL import Image

import pictures
from command_line import InputError

# Strokes on paper, 12 wide and 8 high.
DRAWING = np.full((8, 12), 255, np.uint8)
DRAWING[2:4, 2:9] = 0
DRAWING[5, 3] = 90


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_paper_left_out(kind):
    """Black strokes, and paper that is transparent and black below."""
    image = Image.new("RGBA", (12, 8), (0, 0, 0, 0))
    image.putalpha(Image.fromarray(255 - DRAWING))
    return image.convert(kind)


def palette_image():
    """Paper and strokes have the color 0, 0, 0; paper is transparent."""
    image = Image.fromarray((DRAWING < 200).astype(np.uint8), "P")
    image.putpalette(bytes(768))
    return image


class Modes(PackerTest):
    def check(self, content, tolerance=0, expected=DRAWING):
        for read in (pictures.grey, lambda content, name: pictures.rgb(content, name).convert("L")):
            found = np.asarray(read(content, "a.png")).astype(int)
            np.testing.assert_allclose(found, expected, atol=tolerance)

    def refused(self, content, pattern):
        for read in (pictures.grey, pictures.rgb):
            with self.assertRaisesRegex(InputError, f"^a.png .*{pattern}"):
                read(content, "a.png")

    def test_that_are_converted(self):
        grey, strokes = Image.fromarray(DRAWING), np.where(DRAWING == 90, 255, DRAWING)
        sixteen = np.where(DRAWING == 255, 65535, DRAWING.astype(np.uint16) * 257).astype(np.uint16)
        for name, content, tolerance, expected in (
                ("1", saved(grey.convert("1", dither=0).point(lambda p: p)), 0, np.where(DRAWING == 255, 255, 0)),
                ("L", saved(grey), 0, DRAWING), ("RGB", saved(grey.convert("RGB")), 0, DRAWING),
                ("P", saved(grey.convert("P")), 0, DRAWING), ("GIF", saved(grey, "GIF"), 0, DRAWING),
                ("LA", saved(with_paper_left_out("LA")), 1, DRAWING), ("RGBA", saved(with_paper_left_out("RGBA")), 1, DRAWING),
                ("RGBA of WebP", saved(with_paper_left_out("RGBA"), "WEBP", lossless=True), 1, DRAWING),
                ("LA, opaque", saved(grey.convert("LA")), 0, DRAWING),
                ("P with a transparent "
                 "color", saved(palette_image(), transparency=0), 0, np.where(DRAWING < 200, 0, 255)),
                ("P with transparencies", saved(palette_image(), transparency=b"\0\xff"), 0, np.where(DRAWING < 200, 0, 255)),
                ("L with a transparent color", saved(grey, transparency=90), 0, strokes),
                ("RGB with a transparent color", saved(grey.convert("RGB"), transparency=(90, 90, 90)), 0, strokes),
                ("1 with a transparent color", saved(grey.convert("1", dither=0), transparency=255), 0,
                 np.where(DRAWING == 255, 255, 0)),
                ("16 bits, PNG", saved(Image.fromarray(sixteen)), 0, DRAWING),
                ("16 bits, TIFF", saved(Image.fromarray(sixteen), "TIFF"), 0, DRAWING),
                ("16 bits, other bytes first", saved(Image.frombytes("I;16B", (12, 8), sixteen.astype(">u2").tobytes()), "TIFF"), 0,
                 DRAWING),
                ("16 bits, PGM", b"P5\n12 8\n65535\n" + sixteen.astype(">u2").tobytes(), 0, DRAWING),
                ("CMYK, JPEG", saved(grey.convert("CMYK"), "JPEG", quality=100), 3, DRAWING),
                ("CMYK, TIFF", saved(grey.convert("RGB").convert("CMYK"), "TIFF"), 0, DRAWING),
                ("YCbCr, JPEG", saved(grey.convert("RGB"), "JPEG", quality=100), 3, DRAWING)):
            with self.subTest(name):
                self.check(content, tolerance, expected)

    def test_a_drawing_of_16_bits_is_not_blank(self):
        """The paper white, strokes far from black."""
        sixteen = np.where(DRAWING == 255, 65535, 9000).astype(np.uint16)
        self.check(saved(Image.fromarray(sixteen)), expected=np.where(DRAWING == 255, 255, 35))

    def test_16_bits_with_a_transparent_value(self):
        content = saved(Image.fromarray(DRAWING.astype(np.uint16) * 257))
        chunk = b"tRNS" + (90 * 257).to_bytes(2, "big")
        at = content.index(b"IDAT") - 4
        marked = content[:at] + (2).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + content[at:]
        if "transparency" in Image.open(io.BytesIO(marked)).info:  # as this Pillow understands it
            self.check(marked, expected=np.where(DRAWING == 90, 255, DRAWING))

    def test_turned_as_exif_says(self):
        exif = Image.Exif()
        for orientation, turn in ((3, 2), (6, 1), (8, 3)):
            exif[0x0112] = orientation
            for kind in ("JPEG", "PNG", "TIFF"):
                if kind == "TIFF" and orientation:
                    content = saved(Image.fromarray(np.rot90(DRAWING, turn)), "TIFF", tiffinfo={0x0112: orientation})
                else:
                    content = saved(Image.fromarray(np.rot90(DRAWING, turn)), kind, exif=exif, **({"quality": 100} if kind == "JPEG"
                                                                                                else {}))
                self.check(content, 3)

    def test_that_are_refused_by_name(self):
        grey = Image.fromarray(DRAWING)
        for mode, image in (("F", Image.fromarray(DRAWING.astype(np.float32))), ("I", Image.fromarray(DRAWING.astype(np.int32))),
                            ("LAB", Image.new("LAB", (12, 8)))):
            self.refused(saved(image, "TIFF"), f"is in the mode {mode}, whose numbers can be shown in more than one "
                                               "way")
        other = Image.fromarray(255 - DRAWING)
        for kind in ("PNG", "GIF", "WEBP", "TIFF"):
            self.refused(saved(grey, kind, save_all=True, append_images=[other]), "has 2 frames; an image of a dataset "
                                                                                  "has one")

    def test_modes_of_pillow_are_all_decided(self):
        """A mode that a newer Pillow has is refused, not guessed."""
        from PIL import ImageMode
        decided = pictures.CONVERTED | pictures.WITH_ALPHA | set(pictures.SIXTEEN_BITS)
        image = Image.fromarray(DRAWING)
        for mode in ("1", "L", "I", "F", "P", "RGB", "RGBX", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "RGBa", "LA", "La", "PA"):
            self.assertEqual(ImageMode.getmode(mode).mode, mode)
            image = Image.new(mode, (2, 2))
            if mode in decided:
                self.assertIn(pictures._to_bytes(image, "x").mode, ("L", "RGB"))
            else:
                self.assertRaisesRegex(InputError, f"in the mode {mode},", pictures._to_bytes, image, "x")

    def test_damage(self):
        chance = np.random.default_rng(1)
        for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM"):
            whole = image_file(DRAWING, kind)
            for _ in range(60):
                changed = bytearray(whole[:chance.integers(1, len(whole)) if chance.integers(3) == 0 else None])
                for _ in range(chance.integers(1, 4)):
                    changed[chance.integers(len(changed))] = chance.integers(256)
                try:
                    pictures.rgb(bytes(changed), "x")
                except InputError:
                    pass
        self.refused(b"<html>", "is not a whole image: it starts with '<html>': probably a web page")
        self.refused(image_file(DRAWING, "PNG")[:60], "is not a whole image")
        huge = bytearray(image_file(DRAWING, "PNG"))
        huge[16:24] = (100_000).to_bytes(4, "big") * 2
        huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")
        self.refused(bytes(huge), "has more pixels than any image of a dataset")


if __name__ == "__main__":
    unittest.main()
