"""Puts a task's own head on a pre-trained encoder.

transformers and peft treat the result like any transformers model. The encoder has the same attribute name as
under transformers' heads, so `AutoModel` can load it from the saved folder.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NoReturn, cast

import torch
from torch import nn
from transformers import MODEL_MAPPING, PreTrainedModel
from transformers.utils.generic import ModelOutput

from adaptkit.errors import TaskError
from adaptkit.tasks.calls import named, no_exit, reason_of

if TYPE_CHECKING:
    from transformers import PretrainedConfig

    from adaptkit.task import Task

OWN_HEAD = "the task's own"
"""Recorded instead of the name of a transformers class if the task's plugin makes the head."""

HEAD = "task_head"
"""The head's name in the model. Not "head", because ModernBERT's checkpoints have a module of that name."""


class HeadFailed(RuntimeError):
    """A head of a task's plugin raised an error, for which see its cause."""


def encoder_class(config: PretrainedConfig) -> tuple[type[PreTrainedModel], dict[str, Any]]:
    """The encoder class of this configuration, and the arguments that leave out its pooling layer.

    A pooling layer would be trained and saved, but never used.
    """
    kind = MODEL_MAPPING[type(config)]
    chosen = cast("type[PreTrainedModel]", kind[0] if isinstance(kind, tuple) else kind)
    pools = "add_pooling_layer" in inspect.signature(chosen.__init__).parameters
    return chosen, {"add_pooling_layer": False} if pools else {}


def make_head(task: Task, config: PretrainedConfig, labels: Sequence[str]) -> nn.Module:
    """The head that the task's factory makes, in float32.

    Raises:
        TaskError: the task has no factory, or the factory fails or does not return a module.
    """
    if isinstance(task.head, str):
        raise TaskError(
            f"the model has a head made by its task, but the installed task {task.name!r} uses {task.head!r}",
            expected="the version of the plugin that the model was made with",
            next_step="Install that version of the plugin, and use the options in the model's adaptkit.json.",
            code="other-plugin-version",
        )
    try:
        head = task.head(config, labels)
    except Exception as error:
        problem = f"raised an error when it was made: {reason_of(error)}"
        _refuse(task, problem, "a torch.nn.Module", error)
    if not isinstance(head, nn.Module):
        _refuse(task, f"is {head!r:.80}", "a torch.nn.Module from (encoder_config, labels)")
    return head.float()


def put_on(encoder: PreTrainedModel, head: nn.Module, head_inputs: Sequence[str] = ()) -> PreTrainedModel:
    """One model of encoder and head. Both keep their weights.

    Args:
        encoder: the encoder.
        head: the task's head.
        head_inputs: the names of the inputs that go to the head and not to the encoder.
    """
    kind = type(encoder)
    base: Any = next(one for one in kind.__mro__[1:] if issubclass(one, PreTrainedModel))

    class EncoderWithHead(base):  # type: ignore[misc]  # a subclass, so that transformers can save the model
        base_model_prefix = kind.base_model_prefix

        def __init__(self) -> None:
            super().__init__(encoder.config)
            setattr(self, self.base_model_prefix, encoder)
            setattr(self, HEAD, head)
            self.post_init()

        def init_weights(self) -> None:
            """Does nothing, because both parts already have their weights."""

        @classmethod
        def _can_set_attn_implementation(cls) -> bool:
            """Whether the encoder can; transformers would inspect the module that defines this class."""
            return kind._can_set_attn_implementation()

        def forward(self, attention_mask: torch.Tensor | None = None, **inputs: Any) -> Any:
            given = {name: inputs.pop(name) for name in head_inputs if name in inputs}
            inputs, attention_mask = _sides_in_batch(inputs, attention_mask)
            hidden = self.base_model(attention_mask=attention_mask, **inputs)[0]  # [batch, tokens, width]
            return _outputs(getattr(self, HEAD), hidden, attention_mask, given)

    return EncoderWithHead()


def _sides_in_batch(
    inputs: dict[str, Any], mask: torch.Tensor | None
) -> tuple[dict[str, Any], torch.Tensor | None]:
    """Tokens ``[batch, sides, tokens]`` of texts that are read apart, as ``[batch * sides, tokens]``."""
    ids = inputs.get("input_ids")
    if ids is None or ids.dim() != 3:
        return inputs, mask
    flat = {name: tensor.flatten(0, 1) for name, tensor in inputs.items()}
    return flat, mask if mask is None or mask.dim() == 4 else mask.flatten(0, 1)


def _outputs(
    head: nn.Module, hidden: torch.Tensor, mask: torch.Tensor | None, given: Mapping[str, torch.Tensor]
) -> Any:
    """The head's outputs for hidden states ``[batch, tokens, width]``; a single tensor is the logits."""
    mask = _token_mask(hidden, mask)
    try:
        with nullcontext() if torch.compiler.is_compiling() else no_exit():  # export traces this call
            outputs = head(hidden, mask, **given)
    except Exception as error:
        if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
            raise
        raise HeadFailed(reason_of(error)) from error
    if isinstance(outputs, torch.Tensor):
        return ModelOutput(logits=outputs)
    return ModelOutput(outputs) if isinstance(outputs, Mapping) else outputs


def _token_mask(hidden: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """The mask ``[batch, tokens]``, 1 for tokens and 0 for padding, from any form of the encoder's mask."""
    if mask is None:
        return torch.ones(hidden.shape[:2], dtype=torch.long, device=hidden.device)
    if mask.dim() == 4:  # [batch, 1, tokens, tokens], which is added to the attention scores
        mask = (mask[:, 0, 0] == 0).long()
    if mask.dim() == 3:  # [batch, sides, tokens], beside features that are pooled already
        mask = mask[:, 0]
    return mask[:, : hidden.shape[1]]  # kept features may be of the first token alone


@torch.no_grad()
def refuse_unfit(task: Task, model: Any) -> None:
    """Try the head on two short examples; a head that needs inputs of the task is tried on rows, later.

    Raises:
        TaskError: the head fails, lacks one of the task's outputs, returns an output without
            numbers for each example, or keeps a state besides its parameters.
    """
    if task.head_inputs:
        return
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])  # [2, 5]
    hidden = model.base_model(input_ids=torch.ones_like(mask), attention_mask=mask)[0]  # [2, 5, width]
    head = copy.deepcopy(getattr(model, HEAD)).train()
    state = {name: buffer.clone() for name, buffer in head.named_buffers()}
    try:
        outputs = _outputs(head, hidden, mask, {})
    except Exception as error:
        _refuse(
            task,
            f"failed on hidden states {list(hidden.shape)} and a mask {list(mask.shape)}: "
            f"{reason_of(error.__cause__ or error)}",
            "logits",
            error,
        )
    _refuse_outputs(task, outputs, len(mask))
    refuse_state(task, head, state)


def refuse_state(task: Task, head: nn.Module, before: Mapping[str, torch.Tensor]) -> None:
    """Raise TaskError if a training pass has changed the head's buffers, which were ``before``."""
    changed = [name for name, buffer in head.named_buffers() if not torch.equal(buffer, before[name])]
    if changed:
        _refuse(
            task,
            f"changes {', '.join(changed)} during training, which trials trained together would share",
            "no state besides parameters (for example LayerNorm instead of BatchNorm)",
        )


def _refuse_outputs(task: Task, outputs: object, examples: int) -> None:
    wanted = f"{' and '.join(task.outputs)}, a tensor of floats [batch, ...]"
    if not isinstance(outputs, Mapping):
        _refuse(task, f"returned {type(outputs).__name__}", wanted)
    for name in task.outputs:
        output = outputs.get(name)
        if not isinstance(output, torch.Tensor):
            _refuse(task, f"returned {sorted(outputs)} without {name}", wanted)
        if not output.is_floating_point() or output.dim() == 0 or len(output) != examples:
            kind = str(output.dtype).removeprefix("torch.")
            _refuse(task, f"returned {name} {list(output.shape)} of {kind} for {examples} examples", wanted)


def _refuse(task: Task, problem: str, expected: str, cause: Exception | None = None) -> NoReturn:
    raise TaskError(
        f"the head of the {named(task)} {problem}",
        expected=expected,
        next_step="Correct the head in the task's plugin, or report this to its author.",
        code="bad-head",
    ) from cause
