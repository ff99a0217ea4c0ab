"""The ledger: how good the tickets were."""
