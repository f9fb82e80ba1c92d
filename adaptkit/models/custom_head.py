"""A pre-trained encoder with a task's own head on it; knows no files, no data and no training.

transformers saves and peft wraps such a model like one of their own: the encoder lies under the name
its own heads know it by, so that `AutoModel` reads it out of the saved folder.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

import torch
from torch import nn
from transformers import MODEL_MAPPING, PreTrainedModel
from transformers.utils.generic import ModelOutput

from adaptkit.errors import TaskError

if TYPE_CHECKING:
    from transformers import PretrainedConfig

    from adaptkit.task import Task

OWN_HEAD = "the task's own"
"""What stands in the place of a transformers class where the head is made by the task's plugin."""

HEAD = "task_head"
"""The head's name in the model. Not "head": ModernBERT's checkpoints hold one of their own by that name."""


def encoder_class(config: PretrainedConfig) -> tuple[type[PreTrainedModel], dict[str, Any]]:
    """The class of this configuration's encoder, and how to ask it for hidden states alone.

    A pooling layer would be trained and saved, and never be used.
    """
    kind = MODEL_MAPPING[type(config)]
    chosen = cast("type[PreTrainedModel]", kind[0] if isinstance(kind, tuple) else kind)
    pools = "add_pooling_layer" in inspect.signature(chosen.__init__).parameters
    return chosen, {"add_pooling_layer": False} if pools else {}


def make_head(task: Task, config: PretrainedConfig, labels: Sequence[str]) -> nn.Module:
    """The head the task's factory makes, in float32.

    Raises:
        TaskError: the task has no factory, or it fails, or gives no module.
    """
    if isinstance(task.head, str):
        raise TaskError(
            f"the model's head is of its task's own, but {task.name!r} as installed here names {task.head!r}",
            expected="the plugin with which the model was made",
            next_step="Install that version of the plugin; the model's adaptkit.json names its options.",
        )
    try:
        head = task.head(config, labels)
    except Exception as error:
        _refuse(task, f"could not be made: {type(error).__name__}: {error}", "a torch.nn.Module", error)
    if not isinstance(head, nn.Module):
        _refuse(task, f"is {head!r:.80}", "a torch.nn.Module from (encoder_config, labels)")
    return head.float()


def put_on(encoder: PreTrainedModel, head: nn.Module) -> PreTrainedModel:
    """One model of both, each with the weights it has."""
    kind = type(encoder)
    base: Any = next(one for one in kind.__mro__[1:] if issubclass(one, PreTrainedModel))

    class HeadedEncoder(base):  # type: ignore[misc]  # transformers' way to a model that saves itself
        base_model_prefix = kind.base_model_prefix

        def __init__(self) -> None:
            super().__init__(encoder.config)
            setattr(self, self.base_model_prefix, encoder)
            setattr(self, HEAD, head)
            self.post_init()

        def init_weights(self) -> None:
            """Nothing: both parts come with their weights."""

        @classmethod
        def _can_set_attn_implementation(cls) -> bool:
            """As the encoder can: transformers looks into the module a class was written in."""
            return kind._can_set_attn_implementation()

        def forward(self, attention_mask: torch.Tensor | None = None, **inputs: Any) -> Any:
            hidden = self.base_model(attention_mask=attention_mask, **inputs)[0]  # [batch, tokens, width]
            return _outputs(getattr(self, HEAD), hidden, attention_mask)

    return HeadedEncoder()


def _outputs(head: nn.Module, hidden: torch.Tensor, mask: torch.Tensor | None) -> Any:
    """What the head makes of hidden states ``[batch, tokens, width]``; a lone tensor is its logits."""
    given = head(hidden, _token_mask(hidden, mask))
    if isinstance(given, torch.Tensor):
        return ModelOutput(logits=given)
    return ModelOutput(given) if isinstance(given, Mapping) else given


def _token_mask(hidden: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """The mask ``[batch, tokens]``, 1 for tokens and 0 for padding, whatever form the encoder was given."""
    if mask is None:
        return torch.ones(hidden.shape[:2], dtype=torch.long, device=hidden.device)
    if mask.dim() == 4:  # [batch, 1, tokens, tokens], which is added to attention's scores
        mask = (mask[:, 0, 0] == 0).long()
    return mask[:, : hidden.shape[1]]  # kept features may be of the first token alone


@torch.no_grad()
def refuse_unfit(task: Task, model: Any) -> None:
    """Tries the head on two short examples.

    Raises:
        TaskError: it fails, lacks one of the task's outputs, gives something else than a number or
            several for each example, or keeps a state besides its parameters.
    """
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])  # [2, 5]
    hidden = model.base_model(input_ids=torch.ones_like(mask), attention_mask=mask)[0]  # [2, 5, width]
    head = copy.deepcopy(getattr(model, HEAD)).train()
    state = {name: buffer.clone() for name, buffer in head.named_buffers()}
    try:
        outputs = _outputs(head, hidden, mask)
    except Exception as error:
        _refuse(
            task,
            f"failed on hidden states {list(hidden.shape)} and a mask {list(mask.shape)}: "
            f"{type(error).__name__}: {error}",
            "logits",
            error,
        )
    _refuse_outputs(task, outputs, len(mask))
    changed = [name for name, buffer in head.named_buffers() if not torch.equal(buffer, state[name])]
    if changed:
        _refuse(
            task,
            f"changes {', '.join(changed)} while it trains, which trials trained together would share",
            "no state besides parameters (LayerNorm in the place of BatchNorm, for example)",
        )


def _refuse_outputs(task: Task, outputs: object, examples: int) -> None:
    wanted = f"{' and '.join(task.outputs)}, a tensor of floats [batch, ...]"
    if not isinstance(outputs, Mapping):
        _refuse(task, f"gives {type(outputs).__name__}", wanted)
    for name in task.outputs:
        output = outputs.get(name)
        if not isinstance(output, torch.Tensor):
            _refuse(task, f"gives no {name} among {sorted(outputs)}", wanted)
        if not output.is_floating_point() or output.dim() == 0 or len(output) != examples:
            kind = str(output.dtype).removeprefix("torch.")
            _refuse(task, f"gives {name} {list(output.shape)} of {kind} for {examples} examples", wanted)


def _refuse(task: Task, problem: str, expected: str, cause: Exception | None = None) -> NoReturn:
    raise TaskError(
        f"the head of the task {task.name!r} {problem}",
        expected=expected,
        next_step="Mend the head in the task's plugin, or tell its author.",
    ) from cause
