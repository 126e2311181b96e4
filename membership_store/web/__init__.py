"""The store over HTTP: one table of operations, which the application, its checks and the OpenAPI document read."""
