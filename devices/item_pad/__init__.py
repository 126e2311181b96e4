"""Pads that items lie on: tags of ISO 15693, what libraries write on them, and the readers that see them."""
