"""The engine: trains and scores many trials of one study together. It does not depend on Optuna or files.

In reading order:

- `types`: what engine and search exchange: trials, their scores, and the `Scheduler`
- `prepare`: the model by its strategy, and the data in buckets
- `forward`: the model's forward pass for one slot, and with `torch.func.vmap` for several
- `vmap_check`: whether several slots can share a pass, and if not, why
- `capacity`: how many trials are trained together, as measured
- `trial_stack`: the stacked parameters ``[slots, P]``, their gradients and optimisers
- `train`: a population of trials, trained rung by rung
- `batches`: the micro-steps of a rung
- `accumulate`: forward and backward of one micro-step
- `batch_limits`: the size of one pass, made smaller when memory runs out
- `kept`: which rung of a trial is kept
- `schedule`: a trial's optimiser steps and learning rates
- `solver`: linear heads on kept features, solved instead of trained by gradient steps, with folds or without
- `objective`: what the solver minimises
- `weighting`: class weights and label smoothing in the loss
- `evaluate`: predictions and scores of all slots
- `features`: a frozen encoder's outputs, computed once per study
- `store`: where features are kept
- `fingerprint`: what features depend on
- `patches`: the fast paths
"""
