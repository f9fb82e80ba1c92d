"""What default layers and rates for heads on tokens change under LoRA."""
