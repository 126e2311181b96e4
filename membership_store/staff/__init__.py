"""The desk of the library's staff: what they may do, in which role, once for each EventId, with an audit row each."""
