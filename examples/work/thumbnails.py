"""Thumbnails: a package with native code, a bucket, and errors that no retry mends."""

import io
import os
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError
from PIL import Image, UnidentifiedImageError

from taskguard.work import Context, Json, PermanentError

from .kinds import Photo


@cache
def bucket() -> Any:
    """Return the bucket's client, made once for all tasks of a worker."""
    return boto3.client("s3")


def make(payload: Photo, context: Context) -> Json:  # noqa: ARG001 - what work is called with
    """Write the thumbnail of a photo beside it; done again, it writes the same one.

    Raises
    ------
    PermanentError
        There is no such photo, or it is no picture.
    """
    name = os.environ["PHOTO_BUCKET"]
    try:
        photo = bucket().get_object(Bucket=name, Key=payload.key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            raise PermanentError(f"there is no photo {payload.key}") from error
        raise  # busy, or no permission yet: a failed attempt
    key = f"thumbnails/{payload.width}/{payload.key}.png"
    small = thumbnail(photo, payload.width)
    bucket().put_object(Bucket=name, Key=key, Body=small, ContentType="image/png")
    return {"key": key, "bytes": len(small)}


def thumbnail(photo: bytes, width: int) -> bytes:
    """Return a picture scaled to a width, as PNG; raises `PermanentError` if it is no picture."""
    try:
        with Image.open(io.BytesIO(photo)) as image:
            small = image.convert("RGB")
    except UnidentifiedImageError as error:
        raise PermanentError("it is no picture") from error
    small.thumbnail((width, width * 10))
    target = io.BytesIO()
    small.save(target, "PNG")
    return target.getvalue()
