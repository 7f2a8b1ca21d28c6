"""An order: work that submits work."""

from taskguard.work import Context, Json

from .kinds import Order


def place(payload: Order, context: Context) -> Json:
    """Have an order paid for, and a thumbnail made of each photo.

    The children's ids follow from the order's id, their kind, payload and key: if this attempt is cut off
    after some of them, the next one submits the same tasks, and none twice.
    """
    payment = context.submit("payment", {"order": payload.number, "cents": payload.cents})
    thumbnails = [
        context.submit("thumbnail", {"key": photo}, key=str(number))
        for number, photo in enumerate(payload.photos)
    ]
    return {"payment": payment, "thumbnails": [*thumbnails]}
