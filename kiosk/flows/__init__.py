"""What a patron can do, each from top to bottom in one coroutine."""
