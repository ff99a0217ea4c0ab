"""The entrance: bytes become Mail."""
