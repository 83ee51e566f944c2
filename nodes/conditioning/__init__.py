"""From a prompt's texts to ComfyUI's conditioning: text tokens, weights, the steps they count for, AND."""
