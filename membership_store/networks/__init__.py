"""A consortium's own network as one TOML file: institutions, groups, branches, catalogue, links (docs/store.md)."""
