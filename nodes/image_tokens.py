"""Image tokens in a graph: reserved before the sampler, paid at the pictures, shown."""

from comfy_api.latest import io

from ..wallet import Picture, WalletError, when_text
from ..wallet.watching import RESERVED
from . import latent_pictures
from .paid_runs import RUNS
from .payer import HONEST, NOBODY, STANDINGS, WHOSE, in_words, payer, wallet
from .types import CATEGORY, prices_family_input


def _film_input() -> io.Input:
    return io.Boolean.Input(
        "film",
        default=False,
        optional=True,
        tooltip="All pictures of a batch become one film, which costs as much as one picture. Set it alike in Reserve "
        "and Settle Image Tokens. It is believed: the nodes can't see what becomes of the pictures.",
    )


def _text_output(tooltip: str) -> io.Output:
    return io.String.Output(display_name="text", tooltip=tooltip)


class TagloomReserveImageTokens(io.ComfyNode):
    """Sets image tokens aside before the sampler, or ends the run there."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomReserveImageTokens",
            display_name="Reserve Image Tokens",
            category=CATEGORY,
            description="Stands before the sampler and sets image tokens aside for the pictures to come. If there are "
            "too few, the run ends here with a clear message, before anything is sampled. What Settle Image Tokens "
            "does not pay goes back soon after the run, also if it fails or is interrupted. " + WHOSE + HONEST,
            inputs=[
                io.Latent.Input(
                    "latent", tooltip="What goes to the sampler; its pictures are counted, of a video its frames."
                ),
                io.Int.Input(
                    "images",
                    default=0,
                    min=0,
                    max=4096,
                    optional=True,
                    tooltip="How many pictures to reserve for, if it is not one for each of the latent: the count of "
                    "Prompt Matrix, for example. 0 counts the latent.",
                ),
                prices_family_input(),
                _film_input(),
            ],
            outputs=[
                io.Latent.Output(display_name="reserved latent", is_output_list=True, tooltip="For the sampler."),
                _text_output("How many were reserved, and how many are left."),
            ],
            is_input_list=True,  # a list is reserved for whole, or not at all
            not_idempotent=True,  # two of these nodes are two reservations, not one that the other finds in the cache
        )

    @classmethod
    def execute(cls, latent, images=(0,), family=(None,), film=(False,)) -> io.NodeOutput:
        """Return the latents as they are; each has samples of (batch, channels, ..., height, width)."""
        user = payer()
        if not user:
            return io.NodeOutput(latent, NOBODY)
        opened = wallet()
        plan, family_id = opened.plan_of(user), _family_id(family)
        prices = [
            (plan.price(latent_pictures.picture(each, family_id)), _paid(latent_pictures.count(each), film))
            for each in latent
        ]
        tokens = images[0] * max(price for price, _ in prices) if images[0] else sum(p * n for p, n in prices)
        if tokens:
            run = RUNS.current(opened, user)
            opened.reserve(user, tokens, run.next_key(), run.name, RESERVED)
        left = opened.standing(user).balance
        return io.NodeOutput(latent, f"{in_words(tokens)} reserved, {left} left")


class TagloomSettleImageTokens(io.ComfyNode):
    """Takes image tokens for pictures, or lets none through."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomSettleImageTokens",
            display_name="Settle Image Tokens",
            category=CATEGORY,
            description="Stands between the pictures and what saves them, and pays for each picture: from what Reserve "
            "Image Tokens set aside in this run, else from the balance. If there are too few, no picture goes "
            "through. Pictures that ComfyUI still has in its cache are paid already. " + WHOSE + HONEST,
            inputs=[io.Image.Input("images", tooltip="The pictures."), prices_family_input(), _film_input()],
            outputs=[
                io.Image.Output(display_name="paid images", is_output_list=True, tooltip="For what saves them."),
                _text_output("How many were paid, and how many are left."),
            ],
            is_input_list=True,  # a list of batches is paid whole, or not at all
        )

    @classmethod
    def execute(cls, images, family=(None,), film=(False,)) -> io.NodeOutput:
        """Return the pictures as they are; each batch is (batch, height, width, channels)."""
        user = payer()
        if not user:
            return io.NodeOutput(images, NOBODY)
        opened = wallet()
        plan, family_id = opened.plan_of(user), _family_id(family)
        tokens = sum(
            _paid(len(batch), film) * plan.price(Picture(batch.shape[2], batch.shape[1], family=family_id))
            for batch in images
        )
        if tokens:
            run = RUNS.current(opened, user)
            opened.settle(user, tokens, run.name, run.next_key())
        return io.NodeOutput(images, f"{in_words(tokens)} paid{_left(opened, user)}")


class TagloomTokenBalance(io.ComfyNode):
    """Shows what the server's user may still spend."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomTokenBalance",
            display_name="Token Balance",
            category=CATEGORY,
            description="Shows how many image tokens there were when the run began, and when the next ones come. "
            + WHOSE
            + "Connect the text to Preview Any to read it.",
            inputs=[],
            outputs=[
                _text_output("Who pays, how many are left and how many reserved, and when the next ones come."),
                io.Int.Output(display_name="balance", tooltip="Image tokens that may be spent; -1 if nobody pays."),
                io.String.Output(
                    display_name="next grant", tooltip="When the next image tokens come, or nothing if none do."
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls):
        """Return the balance itself: the node, and what is behind it, runs again when it is another one."""
        stands = STANDINGS.see()
        return stands.text() if stands else NOBODY

    @classmethod
    def execute(cls) -> io.NodeOutput:
        """Return how the user stood when the run began, which is what the node's cached output is known by."""
        stands = STANDINGS.seen()
        if stands is None:
            return io.NodeOutput(NOBODY, -1, "")
        return io.NodeOutput(stands.text(), stands.balance, when_text(stands.next_grant) if stands.next_grant else "")


def _family_id(family) -> str | None:
    return family[0].id if family and family[0] else None


def _paid(pictures: int, film) -> int:
    """Return how many of a batch's pictures are paid: a film costs as much as one."""
    return min(pictures, 1) if film[0] else pictures


def _left(opened, user: str) -> str:
    """Return what is left, in words: the pictures are paid, and must not be lost because a database is away now."""
    try:
        return f", {opened.standing(user).balance} left"
    except WalletError:
        return ""


NODES = [TagloomReserveImageTokens, TagloomSettleImageTokens, TagloomTokenBalance]
