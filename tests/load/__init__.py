"""A load generator for the store: its own process, asyncio, keep-alive connections; the benchmarks drive it."""
