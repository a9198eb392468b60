"""A sentence encoder as a tower: pieces of words to one vector a text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.features import Array
from genreel.features.pieces import PAD, Pieces
from genreel.lab.examples import Examples
from genreel.lab.weights import encoder_folder

_HIDDEN = -1e4
"""Added to the attention scores of padding, whose weight is then 0 in float32."""


@dataclass(frozen=True)
class SentenceSettings:
    """Settings of `Sentence`; the encoder is the one that its feature names.

    Attributes:
        feature: the pieces it reads.
        frozen: keep the weights as they are; only what comes after learns.
        tune: where not frozen, the last so many layers learn; 0: all, and the word vectors too.
        dropout: on the vector it gives, in [0, 1).
    """

    feature: str
    frozen: bool = False
    tune: int = 0
    dropout: float = 0.0


class Sentence(nn.Module):
    """A BERT encoder (Devlin et al. 2019), the mean of its last layer over a text's pieces, and
    that vector scaled to length 1, as sentence-transformers does (Reimers & Gurevych 2019).
    """

    reads = Pieces.kind
    arrays = ("ids",)
    net: Any  # transformers' models are untyped

    def __init__(self, settings: SentenceSettings, feature: Pieces, train: Examples) -> None:
        super().__init__()
        self.settings = settings
        self.name = feature.encoder
        self.net = _load(feature)
        self.width = int(self.net.config.hidden_size)
        self.dropout = nn.Dropout(settings.dropout)
        if settings.tune > len(self._layers):
            raise RecipeError(f"encoder {self.name!r} has but {len(self._layers)} layers to tune")
        self.requires_grad_(True)

    @property
    def _layers(self) -> Any:
        return self.net.encoder.layer

    def _fixed_modules(self) -> list[Any]:
        """The modules whose weights are frozen."""
        if self.settings.frozen:
            return [self.net]
        if not self.settings.tune:
            return []
        return [self.net.embeddings, *self._layers[: -self.settings.tune]]

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """As in torch, but what the settings freeze stays frozen."""
        super().requires_grad_(requires_grad)
        for module in self._fixed_modules():
            module.requires_grad_(False)
        return self

    def train(self, mode: bool = True) -> Self:
        """As in torch, but what the settings freeze stays in evaluation mode."""
        super().train(mode)
        for module in self._fixed_modules():
            module.eval()
        return self

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors of texts; float32 (m, width) are vectors already, from `extract`."""
        vectors = ids if ids.is_floating_point() else self._encode(ids)
        return torch.as_tensor(self.dropout(vectors))

    def _encode(self, ids: Tensor) -> Tensor:
        if not torch.compiler.is_exporting() and not len(ids):
            return torch.zeros(0, self.width)  # transformers fails without rows; the graph does not
        real = (ids != PAD).float()
        # Of the shape (m, heads, queries, keys) that attention adds: for other masks, transformers
        # branches, and so would the graph.
        mask = (1 - real)[:, None, None, :] * _HIDDEN
        last = self.net(input_ids=ids, attention_mask=mask).last_hidden_state
        total = (last * real[:, :, None]).sum(dim=1)
        return nn.functional.normalize(total / real.sum(dim=1, keepdim=True).clamp(min=1), dim=1)

    def identity(self) -> str:
        """Names the encoder and its weights, for the cache of vectors."""
        digest = hashlib.sha256()
        for tensor in self.net.state_dict().values():
            digest.update(tensor.numpy().tobytes())
        return f"{self.name} {digest.hexdigest()}"

    def extract(self, ids: Array) -> Array:
        """int64 (m, longest) → float32 (m, width)."""
        self.net.eval()
        with torch.inference_mode():
            return np.asarray(self._encode(torch.from_numpy(ids)).numpy())


def sentence_problem(settings: SentenceSettings) -> str:
    """Why these settings cannot work, or ""."""
    if settings.tune < 0:
        return "tune must be at least 0"
    return "tune needs frozen = false" if settings.frozen and settings.tune else ""


def _load(feature: Pieces) -> Any:
    """The encoder of a feature's pieces, without its pooling layer."""
    from transformers import BertModel  # slow to import, and few recipes need it
    from transformers.utils import logging as library

    folder = encoder_folder(feature.encoder)
    logging: Any = library
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        net: Any = BertModel.from_pretrained(
            folder, add_pooling_layer=False, attn_implementation="eager", local_files_only=True
        )
    except Exception as error:  # transformers and safetensors fail in ways of their own
        reason = str(error).strip().partition("\n")[0]
        raise RecipeError(
            f"encoder {feature.encoder!r} cannot be loaded ({reason}); get {folder} again"
        ) from None
    if feature.length > net.config.max_position_embeddings:
        raise RecipeError(
            f"encoder {feature.encoder!r} reads {net.config.max_position_embeddings} pieces at "
            f"most; lower length = {feature.length}"
        )
    if len(feature.pieces) > net.config.vocab_size:
        raise RecipeError(f"encoder {feature.encoder!r} lacks vectors of its own pieces")
    return net
