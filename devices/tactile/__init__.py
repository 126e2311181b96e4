"""What is felt: keys that are told apart by the fingers, and the socket for headphones."""
