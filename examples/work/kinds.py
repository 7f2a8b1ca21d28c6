"""The kinds of a photo shop: data alone, see docs/your-own-work.md."""

from dataclasses import dataclass

from taskguard.kinds import Kind, Lane


@dataclass(frozen=True)
class Order:
    """What a customer wants: photos, and what they cost."""

    number: str
    photos: list[str]
    cents: int


@dataclass(frozen=True)
class Payment:
    """What is to be paid for an order."""

    order: str
    cents: int


@dataclass(frozen=True)
class Photo:
    """A photo in the bucket, and how wide its thumbnail is to be."""

    key: str
    width: int = 200


LANES: dict[str, Lane] = {
    "default": Lane(environment=("PAYMENT_API",)),
    # Pictures take memory and processor: one at a time in a function, and out of the way of payments.
    "photos": Lane(
        timeout_seconds=120, memory_mb=1024, batch_size=1, max_concurrency=5, environment=("PHOTO_BUCKET",)
    ),
}

KINDS: dict[str, Kind] = {
    "order": Kind("work.orders:place", payload=Order),
    "payment": Kind("work.payments:charge", payload=Payment, max_attempts=8, backoff_base_seconds=2),
    "thumbnail": Kind("work.thumbnails:make", payload=Photo, lane="photos", max_attempts=5),
}

DEFAULT_KIND = "order"
