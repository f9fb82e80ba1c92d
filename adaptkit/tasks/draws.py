"""Random numbers that depend on a seed and a place alone, however a batch is divided. For plugin authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

BITS = 32
MASK = 2**BITS - 1


def mixed(numbers: torch.Tensor) -> torch.Tensor:
    """Integers of 32 bits from any integers; inputs that differ a little give outputs that do not look alike.

    The constants are those of lowbias32 (Wellons 2018, https://nullprogram.com/blog/2018/07/31/).
    """
    found: torch.Tensor = numbers & MASK
    found = ((found ^ (found >> 16)) * 0x7FEB352D) & MASK
    found = ((found ^ (found >> 15)) * 0x846CA68B) & MASK
    return found ^ (found >> 16)


def uniform_numbers(seeds: torch.Tensor, count: int, *, stream: int = 0) -> torch.Tensor:
    """Numbers from 0 to below 1, ``[..., count]``, for ``seeds [...]`` of integers.

    Args:
        seeds: one for each series of numbers.
        count: the length of the series. A longer one begins with the same numbers.
        stream: another stream gives other numbers for the same seeds.
    """
    import torch

    places = torch.arange(count, device=seeds.device)  # [count]
    of_seeds = mixed(mixed(seeds.long()) + stream)  # [...]
    drawn = mixed(mixed(of_seeds).unsqueeze(-1) + mixed(places + 1))  # [..., count]
    numbers: torch.Tensor = (drawn >> 8).float() / 2 ** (BITS - 8)  # 24 bits: float32 has no more
    return numbers
